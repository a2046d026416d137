{{- define "bowline.labels" -}}
app.kubernetes.io/name: bowline-controller
app.kubernetes.io/component: controller
app.kubernetes.io/part-of: bowline
{{- end }}
