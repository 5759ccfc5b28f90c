{{/*
The pod of every process, under any user id and a root that nobody writes to. A dict:
root, component, command; service (or none); role: api, worker, migrate, topics, admin; made: the merged values of the role; restart: of a job.
*/}}
{{- define "careloop.pod" -}}
{{- $v := .root.Values -}}
{{- $kafka := has .role (list "worker" "topics" "admin") -}}
{{- $config := has .role (list "api" "worker" "admin") -}}
{{- $speaksTls := has $v.kafka.security.protocol (list "SSL" "SASL_SSL") -}}
{{- $standing := has .role (list "api" "worker") -}}
serviceAccountName: {{ include "careloop.serviceAccount" .root }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  seccompProfile: {type: RuntimeDefault}
{{- with .made.shutdown }}
terminationGracePeriodSeconds: {{ .graceSeconds | int }}
{{- end }}
{{- with .restart }}
restartPolicy: {{ . }}
{{- end }}
{{- with $v.global.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with $v.pod.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $v.pod.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $v.pod.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $v.pod.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- if $standing }}
topologySpreadConstraints:
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "careloop.selector" (list $.root $.component) | nindent 8 }}
  {{- end }}
{{- end }}
containers:
  - name: careloop
    image: {{ include "careloop.image" .root }}
    imagePullPolicy: {{ $v.image.pullPolicy }}
    command: {{ toJson .command }}
    env: {{- include "careloop.env" . | nindent 6 }}
    {{- if $standing }}
    ports:
      {{- if eq .role "api" }}
      - {name: http, containerPort: 8080, protocol: TCP}
      {{- end }}
      - {name: ops, containerPort: 9090, protocol: TCP}
    startupProbe:
      httpGet: {path: /startupz, port: ops}
      periodSeconds: 5
      timeoutSeconds: 3
      failureThreshold: {{ div .made.startupSeconds 5 }}
    livenessProbe:
      httpGet: {path: /livez, port: ops}
      periodSeconds: 10
      timeoutSeconds: 5
      failureThreshold: 3
    readinessProbe:
      httpGet: {path: /readyz, port: ops}
      periodSeconds: 5
      timeoutSeconds: 3
      failureThreshold: 2
    {{- with .made.shutdown.preStopSeconds }}
    lifecycle:
      preStop:
        exec: {command: [sleep, {{ . | int | quote }}]}
    {{- end }}
    {{- end }}
    resources: {{- toYaml .made.resources | nindent 6 }}
    terminationMessagePolicy: FallbackToLogsOnError
    securityContext: {{- include "careloop.restricted" . | nindent 6 }}
    volumeMounts:
      - {name: tmp, mountPath: /tmp}
      - {name: secrets, mountPath: /run/secrets/careloop, readOnly: true}
      {{- if $config }}
      - {name: config, mountPath: /etc/careloop, readOnly: true}
      {{- end }}
      {{- if and .service $v.database.caSecret }}
      - {name: trust-database, mountPath: /run/trust/database, readOnly: true}
      {{- end }}
      {{- if and $kafka $speaksTls $v.kafka.security.caSecret }}
      - {name: trust-kafka, mountPath: /run/trust/kafka, readOnly: true}
      {{- end }}
      {{- if and (has .role (list "api" "admin")) $v.identityProvider.caSecret }}
      - {name: trust-idp, mountPath: /run/trust/idp, readOnly: true}
      {{- end }}
volumes:
  - name: tmp
    emptyDir: {sizeLimit: {{ $v.pod.tmpSize }}}
  - name: secrets
    projected:
      sources: {{- include "careloop.secrets" . | nindent 8 }}
  {{- if $config }}
  - name: config
    configMap:
      name: {{ $v.config.existingConfigMap | default (printf "%s-config" (include "careloop.fullname" .root)) }}
      {{- if not $v.config.existingConfigMap }}
      items: {{- include "careloop.configItems" .root | nindent 8 }}
      {{- end }}
  {{- end }}
  {{- if and .service $v.database.caSecret }}
  - name: trust-database
    secret: {secretName: {{ $v.database.caSecret }}, items: [{key: {{ $v.database.caKey }}, path: ca.crt}]}
  {{- end }}
  {{- if and $kafka $speaksTls $v.kafka.security.caSecret }}
  - name: trust-kafka
    secret: {secretName: {{ $v.kafka.security.caSecret }}, items: [{key: {{ $v.kafka.security.caKey }}, path: ca.crt}]}
  {{- end }}
  {{- if and (has .role (list "api" "admin")) $v.identityProvider.caSecret }}
  - name: trust-idp
    secret: {secretName: {{ $v.identityProvider.caSecret }}}
  {{- end }}
{{- end -}}

{{/* Nothing of this is secret; what is lies in files of the same names. */}}
{{- define "careloop.env" -}}
{{- $v := .root.Values -}}
- {name: CARELOOP_SECRETS, value: /run/secrets/careloop}
- {name: CARELOOP_ENVIRONMENT, value: {{ $v.environment }}}
- {name: CARELOOP_LOG_LEVEL, value: {{ $v.logLevel }}}
- {name: MALLOC_ARENA_MAX, value: "2"}
{{- if has .role (list "api" "worker" "admin") }}
- {name: CARELOOP_CONFIG, value: /etc/careloop}
{{- end }}
{{- if has .role (list "api" "worker" "admin") }}
- {name: CARELOOP_OPS, value: "{{ include "careloop.fullname" .root }}-ops:9090"}
{{- end }}
{{- if has .role (list "api" "worker") }}
- {name: CARELOOP_HOST, value: {{ $v.listen | quote }}}
- {name: CARELOOP_PORT, value: "8080"}
- {name: CARELOOP_OPS_PORT, value: "9090"}
{{- with $v.tracing.otlp }}
- {name: CARELOOP_OTLP, value: {{ . | quote }}}
{{- end }}
{{- end }}
{{- if eq .role "worker" }}
- name: CARELOOP_SLOT
  valueFrom: {fieldRef: {fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']"}}
{{- end }}
{{- if .service }}
{{- $database := (get $v.services .service).database }}
{{- $which := ternary "OWNER_DATABASE" "DATABASE" (eq .role "migrate") }}
- {name: CARELOOP_{{ $which }}_HOST, value: {{ $database.host | quote }}}
- {name: CARELOOP_{{ $which }}_PORT, value: {{ $database.port | int | quote }}}
- {name: CARELOOP_{{ $which }}_NAME, value: {{ $database.name | quote }}}
- {name: PGSSLMODE, value: {{ $v.database.sslMode }}}
{{- if $v.database.caSecret }}
- {name: PGSSLROOTCERT, value: /run/trust/database/ca.crt}
{{- end }}
{{- end }}
{{- if has .role (list "worker" "topics" "admin") }}
{{- $security := $v.kafka.security }}
- {name: CARELOOP_KAFKA, value: {{ $v.kafka.bootstrap | quote }}}
- {name: CARELOOP_KAFKA_SECURITY, value: {{ $security.protocol }}}
{{- if hasPrefix "SASL" $security.protocol }}
- {name: CARELOOP_KAFKA_MECHANISM, value: {{ $security.mechanism }}}
{{- $username := $v.topics.username }}
{{- if .service }}{{ $username = include "careloop.kafkaUsername" (list .root .service) }}{{ end }}
{{- with $username }}
- {name: CARELOOP_KAFKA_USERNAME, value: {{ . | quote }}}
{{- end }}
{{- end }}
{{- if and $security.caSecret (has $security.protocol (list "SSL" "SASL_SSL")) }}
- {name: CARELOOP_KAFKA_CA, value: /run/trust/kafka/ca.crt}
{{- end }}
{{- if eq $security.protocol "SSL" }}
- {name: CARELOOP_KAFKA_CERTIFICATE, value: /run/secrets/careloop/kafka.crt}
- {name: CARELOOP_KAFKA_KEY, value: /run/secrets/careloop/kafka.key}
{{- end }}
{{- end }}
{{- if eq .role "topics" }}
- {name: CARELOOP_REPLICATION, value: {{ $v.topics.replicationFactor | int | quote }}}
{{- end }}
{{- if has .role (list "api" "worker" "admin") }}
{{- range $name, $value := include "careloop.merged" (list $v.env .made.env) | fromYaml }}
- {name: {{ $name }}, value: {{ $value | toString | quote }}}
{{- end }}
{{- end }}
{{- end -}}

{{/* Sources of one folder. No secret is made here, and none is read by a template. */}}
{{- define "careloop.secrets" -}}
{{- $v := .root.Values -}}
{{- if .service }}
{{- $service := get $v.services .service }}
{{- $which := ternary "OWNER_DATABASE" "DATABASE" (eq .role "migrate") }}
- secret:
    name: {{ ternary $service.database.ownerSecret $service.database.existingSecret (eq .role "migrate") }}
    items:
      - {key: {{ $v.database.usernameKey }}, path: CARELOOP_{{ $which }}_USERNAME}
      - {key: {{ $v.database.passwordKey }}, path: CARELOOP_{{ $which }}_PASSWORD}
{{- if and $service.existingSecret (ne .role "migrate") }}
- secret: {name: {{ $service.existingSecret }}}
{{- end }}
{{- end }}
{{- if has .role (list "worker" "topics" "admin") }}
{{- $secret := $v.topics.existingSecret | default $v.kafka.existingSecret }}
{{- $username := $v.topics.username }}
{{- if .service }}
{{- $secret = include "careloop.kafkaSecret" (list .root .service) }}
{{- $username = include "careloop.kafkaUsername" (list .root .service) }}
{{- end }}
{{- $security := $v.kafka.security }}
{{- if hasPrefix "SASL" $security.protocol }}
- secret:
    name: {{ $secret }}
    items:
      {{- if not $username }}
      - {key: {{ $security.usernameKey }}, path: CARELOOP_KAFKA_USERNAME}
      {{- end }}
      - {key: {{ $security.passwordKey }}, path: CARELOOP_KAFKA_PASSWORD}
{{- else if eq $security.protocol "SSL" }}
- secret:
    name: {{ $secret }}
    items:
      - {key: {{ $security.certificateKey }}, path: kafka.crt}
      - {key: {{ $security.privateKeyKey }}, path: kafka.key}
{{- else if not .service }}
[]
{{- end }}
{{- end }}
{{- end -}}
