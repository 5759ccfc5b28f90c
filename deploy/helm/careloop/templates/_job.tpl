{{/* A job that is done once; takes what a pod takes. */}}
{{- define "careloop.job" -}}
{{- with .root.Values.migrations -}}
backoffLimit: {{ .backoffLimit | int }}
{{- if not (kindIs "invalid" .ttlSecondsAfterFinished) }}
ttlSecondsAfterFinished: {{ .ttlSecondsAfterFinished | int }}
{{- end }}
{{- end }}
template:
  metadata:
    labels: {{- include "careloop.selector" (list .root .component) | nindent 6 }}
  spec: {{- include "careloop.pod" . | nindent 4 }}
{{- end -}}
