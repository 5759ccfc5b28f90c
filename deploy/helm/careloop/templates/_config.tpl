{{/* The operator's folder. A key of a ConfigMap has no slash, so profiles and holidays get their folders when they are mounted. */}}
{{- define "careloop.configData" -}}
{{- $config := .Values.config -}}
{{- range $name := list "units" "sources" "issuers" "chats" "calendars" }}
{{- with get $config $name }}
{{ $name }}.toml: {{ toYaml . }}
{{- end }}
{{- end }}
{{- range $folder := list "profiles" "holidays" }}
{{- range $name, $text := get $config $folder }}
{{ $folder }}.{{ $name }}.toml: {{ toYaml $text }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "careloop.configItems" -}}
{{- $config := .Values.config -}}
{{- range $name := list "units" "sources" "issuers" "chats" "calendars" }}
{{- if get $config $name }}
- {key: {{ $name }}.toml, path: {{ $name }}.toml}
{{- end }}
{{- end }}
{{- range $folder := list "profiles" "holidays" }}
{{- range $name, $_ := get $config $folder }}
- {key: {{ $folder }}.{{ $name }}.toml, path: {{ $folder }}/{{ $name }}.toml}
{{- end }}
{{- end }}
{{- end -}}

{{/* Of what is read at the start alone: a new source needs no restart. */}}
{{- define "careloop.configChecksum" -}}
{{- include "careloop.configData" (dict "Values" (dict "config" (set (deepCopy .Values.config) "sources" ""))) | sha256sum | trunc 16 -}}
{{- end -}}
