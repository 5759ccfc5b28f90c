{{/* Workers by the lag of their group, over all its topics. */}}
{{- define "careloop.keda" }}
{{- $security := .root.Values.kafka.security }}
{{- $full := printf "%s-%s" (include "careloop.fullname" .root) .component }}
{{- $secret := include "careloop.kafkaSecret" (list .root .service) }}
{{- $closed := ne $security.protocol "PLAINTEXT" }}
{{- $tls := has $security.protocol (list "SSL" "SASL_SSL") }}
{{- if $closed }}
---
apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata:
  name: {{ $full }}
  labels: {{- include "careloop.labels" (list .root .component) | nindent 4 }}
spec:
  secretTargetRef:
    {{- if hasPrefix "SASL" $security.protocol }}
    - {parameter: username, name: {{ $secret }}, key: {{ $security.usernameKey }}}
    - {parameter: password, name: {{ $secret }}, key: {{ $security.passwordKey }}}
    {{- else }}
    - {parameter: cert, name: {{ $secret }}, key: {{ $security.certificateKey }}}
    - {parameter: key, name: {{ $secret }}, key: {{ $security.privateKeyKey }}}
    {{- end }}
    {{- if and $tls $security.caSecret }}
    - {parameter: ca, name: {{ $security.caSecret }}, key: {{ $security.caKey }}}
    {{- end }}
{{- end }}
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: {{ $full }}
  labels: {{- include "careloop.labels" (list .root .component) | nindent 4 }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: {{ $full }}}
  minReplicaCount: {{ .keda.min | int }}
  maxReplicaCount: {{ .keda.max | int }}
  fallback: {failureThreshold: 3, replicas: {{ .keda.fallbackReplicas | int }}}
  advanced:
    horizontalPodAutoscalerConfig:
      behavior: {{- include "careloop.scaling" . | nindent 8 }}
  triggers:
    - type: kafka
      metadata:
        bootstrapServers: {{ .root.Values.kafka.bootstrap | quote }}
        consumerGroup: {{ .service }}
        lagThreshold: {{ .keda.lagThreshold | int | quote }}
        offsetResetPolicy: earliest
        {{- if hasPrefix "SASL" $security.protocol }}
        sasl: {{ $security.mechanism | lower | replace "scram-sha-" "scram_sha" | replace "plain" "plaintext" }}
        {{- end }}
        tls: {{ ternary "enable" "disable" $tls }}
      {{- if $closed }}
      authenticationRef: {name: {{ $full }}}
      {{- end }}
{{- end }}
