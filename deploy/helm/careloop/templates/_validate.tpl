{{/* What the schema can't see. Each says what is wrong, then what to do. */}}
{{- define "careloop.validate" -}}
{{- $v := .Values -}}
{{- $security := $v.kafka.security -}}
{{- $partitions := include "careloop.partitions" . | int -}}
{{- $any := false -}}
{{- if not $v.kafka.bootstrap }}{{ fail "kafka.bootstrap is empty: write host:port of the brokers, separated by commas." }}{{ end -}}
{{- if and (has $security.protocol (list "PLAINTEXT" "SASL_PLAINTEXT")) (not $v.kafka.allowPlaintext) }}{{ fail (printf "kafka.security.protocol is %s, so everybody on the way could read along: take SASL_SSL or SSL, or set kafka.allowPlaintext: true." $security.protocol) }}{{ end -}}
{{- if and (not $v.config.existingConfigMap) (not $v.config.issuers) }}{{ fail "config.issuers is empty, so nobody could be let in: write issuers.toml there (--set-file config.issuers=issuers.toml), or name config.existingConfigMap." }}{{ end -}}
{{- if and $v.networkPolicy.enabled (not $v.networkPolicy.egress.kafka.to) }}{{ fail "networkPolicy.egress.kafka.to is empty, so no worker would reach Kafka: name its pods or addresses, or set networkPolicy.enabled: false." }}{{ end -}}
{{- if and $v.networkPolicy.enabled (not $v.networkPolicy.egress.database.to) }}{{ fail "networkPolicy.egress.database.to is empty, so nothing would reach PostgreSQL: name its pods or addresses, or set networkPolicy.enabled: false." }}{{ end -}}
{{- if and (hasPrefix "verify" $v.database.sslMode) (not $v.database.caSecret) }}{{ fail (printf "database.sslMode is %s and database.caSecret is empty, so no server could be believed: name the Secret with the certificate that signed the servers'." $v.database.sslMode) }}{{ end -}}
{{- if and (eq $v.topics.mode "strimzi") (not $v.topics.strimzi.clusterName) }}{{ fail "topics.strimzi.clusterName is empty: write the name of the Kafka resource that the topics are for." }}{{ end -}}
{{- if and $v.topics.strimzi.users (ne $v.topics.mode "strimzi") }}{{ fail "topics.strimzi.users is on, but topics.mode is not strimzi: set it, or make the users yourself." }}{{ end -}}
{{- if and $v.topics.overrides (ne $v.topics.mode "strimzi") }}{{ fail (printf "topics.overrides is for topics.mode strimzi; `careloop topics apply` keeps to the catalogue of its image. Remove it, or change topics.mode from %s." $v.topics.mode) }}{{ end -}}
{{- if and (eq $v.topics.mode "job") (ne $security.protocol "PLAINTEXT") (not (or $v.topics.existingSecret $v.kafka.existingSecret)) }}{{ fail "topics.existingSecret is empty: name the Secret of a Kafka user who may make topics, or set topics.mode: none." }}{{ end -}}
{{- $catalogue := (.Files.Get "files/topics.yaml" | fromYaml).topics -}}
{{- range $name, $own := $v.topics.overrides -}}
{{- $topic := get $catalogue $name -}}
{{- if not $topic }}{{ fail (printf "topics.overrides names %s, which is no topic of the catalogue: they stand in files/topics.yaml." $name) }}{{ end -}}
{{- if lt ($own.partitions | default $topic.partitions | int) ($topic.partitions | int) }}{{ fail (printf "topics.overrides gives %s %v partitions, and the catalogue has %v: a topic never shrinks, take as many or more." $name $own.partitions $topic.partitions) }}{{ end -}}
{{- end -}}
{{- if and (eq $v.networking.kind "httproute") (not $v.networking.httproute.parentRefs) }}{{ fail "networking.httproute.parentRefs is empty: name the Gateway." }}{{ end -}}
{{- if and $v.externalSecrets.enabled (not $v.externalSecrets.store.name) }}{{ fail "externalSecrets.store.name is empty: name the SecretStore." }}{{ end -}}
{{- include "careloop.validateEnv" (list "env" $v.env) -}}
{{- range $name, $service := $v.services -}}
{{- if $service.enabled -}}
{{- $any = true -}}
{{- $at := printf "services.%s" $name -}}
{{- if not $service.database.host }}{{ fail (printf "%s.database.host is empty: write where its PostgreSQL is." $at) }}{{ end -}}
{{- if not $service.database.existingSecret }}{{ fail (printf "%s.database.existingSecret is empty: name the Secret with name and password of its runtime role." $at) }}{{ end -}}
{{- if and $v.migrations.enabled (not $service.database.ownerSecret) }}{{ fail (printf "%s.database.ownerSecret is empty: name the Secret of the database's owner, or set migrations.enabled: false and migrate yourself." $at) }}{{ end -}}
{{- if and (ne $security.protocol "PLAINTEXT") (not (include "careloop.kafkaSecret" (list $ $name))) }}{{ fail (printf "%s.kafka.existingSecret is empty and so is kafka.existingSecret: name the Secret by which it shows Kafka who it is." $at) }}{{ end -}}
{{- if and (eq $name "customers") (eq $v.environment "production") (not $service.existingSecret) }}{{ fail "services.customers.existingSecret is empty: name a Secret with the key CARELOOP_ERASURE_KEY, 16 characters or more that never change." }}{{ end -}}
{{- if and (ne $v.networking.kind "none") (not $service.host) }}{{ fail (printf "%s.host is empty: write the name by which callers reach it, or set networking.kind: none." $at) }}{{ end -}}
{{- include "careloop.validateApi" (list $at (include "careloop.merged" (list $v.api $service.api) | fromYaml) $service.api) -}}
{{- include "careloop.validateWorker" (list $at (include "careloop.merged" (list $v.worker $service.worker) | fromYaml) $service.worker $partitions (and (hasPrefix "SASL" $security.protocol) (include "careloop.kafkaUsername" (list $ $name)))) -}}
{{- end -}}
{{- end -}}
{{- if not $any }}{{ fail "No service is enabled: set services.<name>.enabled: true for one of them." }}{{ end -}}
{{- end -}}

{{/* An API finishes requests for 20 s once it stops (shared/ops.py). */}}
{{- define "careloop.validateApi" -}}
{{- $at := index . 0 -}}{{- $made := index . 1 -}}{{- $own := index . 2 | default dict -}}
{{- include "careloop.validateGrace" (list (printf "%s.api" $at) $made 20) -}}
{{- if $made.autoscaling.enabled -}}
{{- if hasKey $own "replicas" }}{{ fail (printf "%s.api has replicas and autoscaling.enabled: they would undo each other's work. Keep one." $at) }}{{ end -}}
{{- if gt (int $made.autoscaling.min) (int $made.autoscaling.max) }}{{ fail (printf "%s.api.autoscaling.min is above max: turn them round." $at) }}{{ end -}}
{{- end -}}
{{- end -}}

{{/* A worker ends its batch within 25 s and its jobs within 20 (shared/worker.py). */}}
{{- define "careloop.validateWorker" -}}
{{- $at := index . 0 -}}{{- $made := index . 1 -}}{{- $own := index . 2 | default dict -}}{{- $partitions := index . 3 -}}
{{- include "careloop.validateGrace" (list (printf "%s.worker" $at) $made 45) -}}
{{- if $made.keda.enabled -}}
{{- if hasKey $own "replicas" }}{{ fail (printf "%s.worker has replicas and keda.enabled: they would undo each other's work. Keep one." $at) }}{{ end -}}
{{- if gt (int $made.keda.min) (int $made.keda.max) }}{{ fail (printf "%s.worker.keda.min is above max: turn them round." $at) }}{{ end -}}
{{- if gt (int $made.keda.max) $partitions }}{{ fail (printf "%s.worker.keda.max is %d, and no topic has more than %d partitions: the rest would have nothing to do." $at (int $made.keda.max) $partitions) }}{{ end -}}
{{- if index . 4 }}{{ fail (printf "%s.worker.keda needs Kafka's user name in the Secret, under kafka.security.usernameKey: KEDA reads it there." $at) }}{{ end -}}
{{- else if gt (int $made.replicas) $partitions }}{{ fail (printf "%s.worker.replicas is %d, and no topic has more than %d partitions: the rest would have nothing to do." $at (int $made.replicas) $partitions) }}{{ end -}}
{{- end -}}

{{- define "careloop.validateGrace" -}}
{{- $at := index . 0 -}}{{- $made := index . 1 -}}
{{- $needed := add (int $made.shutdown.preStopSeconds) (index . 2) 5 -}}
{{- if lt (int $made.shutdown.graceSeconds) (int $needed) }}{{ fail (printf "%s.shutdown.graceSeconds is %d, and stopping in peace takes %d: %d before the signal, %d to finish, 5 to spare." $at (int $made.shutdown.graceSeconds) $needed (int $made.shutdown.preStopSeconds) (index . 2)) }}{{ end -}}
{{- include "careloop.validateEnv" (list (printf "%s.env" $at) $made.env) -}}
{{- end -}}

{{- define "careloop.validateEnv" -}}
{{- $at := index . 0 -}}
{{- range $name, $_ := index . 1 -}}
{{- if regexMatch "^CARELOOP_(SECRETS|CONFIG|HOST|PORT|OPS_PORT|SLOT|ENVIRONMENT|LOG_LEVEL|OTLP|KAFKA.*|DATABASE.*|OWNER_DATABASE.*|ERASURE_KEY|SMTP|CHAT_.*)$" $name }}{{ fail (printf "%s sets %s, which has a value of its own or is a secret: use that, or services.<name>.existingSecret." $at $name) }}{{ end -}}
{{- end -}}
{{- end -}}
