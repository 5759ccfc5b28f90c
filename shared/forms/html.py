"""A form as HTML that prints on A4: no script, no outside address, and a policy that allows its own style and nothing else."""

from base64 import b64encode
from hashlib import sha256
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from shared.forms.layout import grouped, said

SHORT = 24  # characters that stand in half the width
STYLE = """
@page { size: A4; margin: 18mm; @bottom-right { content: "第 " counter(page) " 页 共 " counter(pages) " 页" } }
body { font: 10.5pt/1.55 "Noto Sans SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", SimSun, sans-serif; color: #000;
  max-width: 174mm; margin: 8mm auto }
h1 { font-size: 18pt; font-weight: normal; text-align: center; margin: 0 0 4mm }
header, footer { display: flex; justify-content: space-between; gap: 6mm }
footer { font-size: 8.5pt; margin-top: 4mm }
table { width: 100%; border-collapse: collapse; table-layout: fixed; border: 0.5mm solid #000; margin-top: 2mm }
th, td { border: 0.2mm solid #000; padding: 2mm; text-align: left; overflow-wrap: anywhere; white-space: pre-wrap; unicode-bidi: plaintext }
col.label { width: 28mm }
th { text-align: center; font-weight: normal; background: #eee; -webkit-print-color-adjust: exact; print-color-adjust: exact }
td { vertical-align: top }
.pen { height: 14mm }
.signed { height: 14mm; display: flex; align-items: end; gap: 4mm; white-space: pre }
.line { flex: 1; border-bottom: 0.2mm solid #000 }
tr { break-inside: avoid }
tr.long { break-inside: auto }
@media print { body { margin: 0; max-width: none } }
"""
PAGE = """<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{ title }} {{ number }}</title>
<style>{{ style }}</style>
</head>
<body>
<h1>{{ title }}</h1>
<header><span>编号：{{ number }}</span><span>部门：{{ unit }}</span></header>
<table>
<colgroup><col class="label"><col><col class="label"><col></colgroup>
<tbody>
{% for row in rows -%}
<tr{% if row[0].text is defined and row[0].text|length > 1000 %} class="long"{% endif %}>
{%- for it in row -%}
<th scope="row">{{ it.label }}</th><td{% if row|length == 1 %} colspan="3"{% endif %}>
{%- if it.kind == "line" %}{{ it.exact if it.exact is defined else it.value }}
{%- elif it.kind == "words" %}{% if it.text %}{{ it.text }}{% else %}<div class="pen"></div>{% endif %}
{%- else %}<div class="signed">签名：<span class="line"></span>日期：<span class="line"></span></div>{% endif -%}
</td>
{%- endfor %}</tr>
{% endfor -%}
</tbody>
</table>
<footer><span>打印：{{ printed_at }} {{ printed_by }}</span></footer>
</body>
</html>
"""
TEMPLATE = Environment(autoescape=True, undefined=StrictUndefined).from_string(PAGE)
POLICY = f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; frame-ancestors 'none'"


def page(form: dict[str, Any]) -> str:
    """What `Form.model_dump()` says."""
    rows = [*grouped(form["rows"], lambda row: len(said(row)) <= SHORT)]
    return TEMPLATE.render(form | {"rows": rows}, style=Markup(STYLE))  # noqa: S704  our own
