{{/* What APIs and workers have in common beside their pod. */}}

{{- define "careloop.podMetadata" -}}
{{- $root := index . 0 -}}
labels:
  {{- include "careloop.selector" . | nindent 2 }}
  app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
  careloop/ops: "yes"
  {{- with $root.Values.pod.labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- $checked := and $root.Values.config.checksum (not $root.Values.config.existingConfigMap) }}
{{- if or $checked $root.Values.pod.annotations }}
annotations:
  {{- if $checked }}
  careloop/config: {{ include "careloop.configChecksum" $root | quote }}
  {{- end }}
  {{- with $root.Values.pod.annotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* Up at once, down slowly: one pod a minute, after five quiet minutes. */}}
{{- define "careloop.scaling" -}}
scaleDown:
  stabilizationWindowSeconds: 300
  policies: [{type: Pods, value: 1, periodSeconds: 60}]
{{- end -}}

{{/* One at a time, and one that is ill anyway at any time. */}}
{{- define "careloop.budget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "careloop.fullname" (index . 0) }}-{{ index . 1 }}
  labels: {{- include "careloop.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels: {{- include "careloop.selector" . | nindent 6 }}
{{- end -}}
