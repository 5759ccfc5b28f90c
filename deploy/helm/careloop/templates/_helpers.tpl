{{/* Names, labels, the image, and what a role of a service is made of. */}}

{{- define "careloop.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 35 | trimSuffix "-" -}}
{{- else -}}
{{- $name := .Values.nameOverride | default .Chart.Name -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 35 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Never changed: selectors are immutable. (list root component) */}}
{{- define "careloop.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ $root.Values.nameOverride | default $root.Chart.Name }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
{{- with index . 1 }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{- define "careloop.labels" -}}
{{- $root := index . 0 -}}
{{ include "careloop.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: careloop
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name ($root.Chart.Version | replace "+" "_") }}
{{- end -}}

{{/* A digest wins over a tag. */}}
{{- define "careloop.image" -}}
{{- $image := .Values.image -}}
{{- $name := $image.repository -}}
{{- with .Values.global.imageRegistry }}{{ $name = printf "%s/%s" (. | trimSuffix "/") $name }}{{ end -}}
{{- if $image.digest -}}
{{ $name }}@{{ $image.digest }}
{{- else -}}
{{ $name }}:{{ $image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "careloop.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default (include "careloop.fullname" .) }}
{{- else -}}
{{ .Values.serviceAccount.name | default "default" }}
{{- end -}}
{{- end -}}

{{/* What all have, with what this service has otherwise: (list defaults own). `merge` would take a `false` for nothing said. */}}
{{- define "careloop.merged" -}}
{{- $merged := deepCopy (index . 0) -}}
{{- range $key, $own := index . 1 | default dict -}}
{{- $all := get $merged $key -}}
{{- if and (kindIs "map" $own) (kindIs "map" $all) -}}
{{- $_ := set $merged $key (include "careloop.merged" (list $all $own) | fromYaml) -}}
{{- else -}}
{{- $_ := set $merged $key $own -}}
{{- end -}}
{{- end -}}
{{ toYaml $merged }}
{{- end -}}

{{/* The most partitions that a topic has: more workers than that have nothing to do. */}}
{{- define "careloop.partitions" -}}
{{- $most := 0 -}}
{{- range $name, $topic := (.Files.Get "files/topics.yaml" | fromYaml).topics -}}
{{- $own := get $.Values.topics.overrides $name | default dict -}}
{{- $most = max $most ($own.partitions | default $topic.partitions) -}}
{{- end -}}
{{ $most }}
{{- end -}}

{{/* Whose name and password a service shows to Kafka: (list root service) */}}
{{- define "careloop.kafkaSecret" -}}
{{- $root := index . 0 -}}
{{- $own := (get $root.Values.services (index . 1)).kafka.existingSecret -}}
{{- $made := ternary (include "careloop.kafkaUser" .) "" $root.Values.topics.strimzi.users -}}
{{ $own | default $root.Values.kafka.existingSecret | default $made }}
{{- end -}}

{{- define "careloop.kafkaUser" -}}
{{ include "careloop.fullname" (index . 0) }}-{{ index . 1 }}
{{- end -}}

{{/* Said here where the secret holds no user name, as Strimzi's do not. */}}
{{- define "careloop.kafkaUsername" -}}
{{- $root := index . 0 -}}
{{- $service := get $root.Values.services (index . 1) -}}
{{- $made := and $root.Values.topics.strimzi.users (not $service.kafka.existingSecret) (not $root.Values.kafka.existingSecret) -}}
{{ $service.kafka.username | default (ternary (include "careloop.kafkaUser" .) "" $made) }}
{{- end -}}

{{- define "careloop.restricted" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}
