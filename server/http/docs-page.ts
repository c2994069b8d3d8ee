/**
 * The OpenAPI document as a page: one answer without scripts, fonts or pictures, so that it
 * reads wherever the server runs, and on paper.
 */
import type { Answer, Content, OpenApiDocument, OperationObject, Schema } from './openapi.ts';

const STYLE = `
:root { color-scheme: light dark; --page: light-dark(#eceef2, #0d0f14); --surface: light-dark(#fff, #14171f);
  --line: light-dark(#d5d9e0, #2a2f3c); --text: light-dark(#12151c, #e8eaf0); --quiet: light-dark(#545b6a, #9aa1ae);
  --link: light-dark(#1f58d0, #7fadff); }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem 1rem 6rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
a { color: var(--link); }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin: 2rem 0 .25rem; } h3 { font-size: .95rem; margin: 1rem 0 .25rem; }
p { margin: .25rem 0; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, monospace; font-size: .85rem; }
pre { margin: .25rem 0; white-space: pre-wrap; }
details { background: var(--surface); border: 1px solid var(--line); border-radius: .4rem; margin: .4rem 0; }
details[open] { padding-bottom: .75rem; }
details > :not(summary) { margin-left: .75rem; margin-right: .75rem; }
summary { padding: .5rem .75rem; cursor: pointer; }
summary b { display: inline-block; min-width: 4.2rem; font-size: .8rem; }
summary span { color: var(--quiet); display: block; }
dt { margin-top: .4rem; } dd { margin: 0 0 0 1rem; color: var(--quiet); } dl { margin: 0; }
.quiet { color: var(--quiet); }
`;

/** All of it, as HTML. */
export function docsPage(document: OpenApiDocument): string {
  const { info, tags, paths, components } = document;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const sections = tags.map(({ name, description }) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(name));
    const entries = own.map((it) => operationOf(it.method, it.path, it.operation));
    return `<section><h2 id="${id(name)}">${text(name)}</h2>${prose(description)}${entries.join('')}</section>`;
  });
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) =>
      `<h3 id="schema-${id(name)}">${text(name)}</h3><pre>${typeOf(schema, '')}</pre>`,
  );
  const links = [...tags.map(({ name }) => name), 'Schemas'].map(
    (name) => `<a href="#${id(name)}">${text(name)}</a>`,
  );
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(info.title)} API</title><style>${STYLE}</style></head>
<body>
<header><h1>${text(info.title)} API <span class="quiet">${text(info.version)}</span></h1>
${prose(info.description)}
<p>For programs: <a href="/api/v1/openapi.json">openapi.json</a></p>
<nav aria-label="Parts">${links.join('')}</nav></header>
<main>${sections.join('\n')}
<section><h2 id="Schemas">Schemas</h2>${schemas.join('\n')}</section></main>
</body></html>
`;
}

function operationOf(method: string, path: string, operation: OperationObject): string {
  const { operationId, summary, description, parameters, requestBody, responses } = operation;
  const parts: string[] = [];
  if (description !== undefined) parts.push(prose(description));
  parts.push(`<p class="quiet"><code>${text(operationId)}</code></p>`);
  if (parameters.length > 0) {
    const rows = parameters.map((it) => {
      const title = `<code>${text(it.name)}</code> <span class="quiet">${it.in}${it.required ? ', required' : ''}</span>: <code>${typeOf(it.schema, '')}</code>`;
      return `<dt>${title}</dt><dd>${marked(it.description ?? '')}</dd>`;
    });
    parts.push(`<h3>Parameters</h3><dl>${rows.join('')}</dl>`);
  }
  if (requestBody !== undefined) {
    const must = requestBody.required ? '' : ' <span class="quiet">may be left out</span>';
    parts.push(`<h3>Body${must}</h3>${prose(requestBody.description ?? '')}`);
    parts.push(contentOf(requestBody.content));
  }
  parts.push('<h3>Answers</h3>', ...Object.entries(responses).map(answerOf));
  return `<details id="${id(operationId)}"><summary><b>${method.toUpperCase()}</b> <code>${text(path)}</code><span>${text(summary)}</span></summary>${parts.join('\n')}</details>`;
}

function answerOf([status, { description, content }]: [string, Answer]): string {
  return `<dl><dt><b>${status}</b></dt><dd>${marked(description)}</dd></dl>${contentOf(content)}`;
}

function contentOf(content: Content): string {
  return Object.entries(content)
    .filter(([type]) => type !== 'application/problem+json')
    .map(([type, { schema, 'x-line': line, 'x-events': events }]) => {
      const kinds = Object.entries(events ?? {}).map(
        ([event, data]) => `event ${text(event)}: ${typeOf(data, '')}`,
      );
      const types = [
        ...(schema === undefined ? [] : [typeOf(schema, '')]),
        ...(line === undefined ? [] : [`each line: ${typeOf(line, '')}`]),
        ...kinds,
      ];
      return `<pre><span class="quiet">${text(type)}</span>\n${types.join('\n')}</pre>`;
    })
    .join('');
}

/** A schema in the manner of TypeScript, as HTML. */
function typeOf(schema: Schema, indent: string): string {
  const { $ref, type, anyOf, oneOf, allOf, items, prefixItems, properties } = schema;
  if (typeof $ref === 'string') {
    const name = $ref.slice($ref.lastIndexOf('/') + 1);
    return `<a href="#schema-${id(name)}">${text(name)}</a>`;
  }
  if ('const' in schema) return text(JSON.stringify(schema['const']));
  if (Array.isArray(schema['enum']))
    return schema['enum'].map((one) => text(JSON.stringify(one))).join(' | ');
  const choices = anyOf ?? oneOf;
  if (Array.isArray(choices)) return choices.map((one: Schema) => typeOf(one, indent)).join(' | ');
  if (Array.isArray(allOf)) return allOf.map((one: Schema) => typeOf(one, indent)).join(' & ');
  if (Array.isArray(prefixItems))
    return `[${prefixItems.map((one: Schema) => typeOf(one, indent)).join(', ')}]`;
  if (type === 'array') {
    const one = typeOf((items ?? {}) as Schema, indent);
    return `${one.includes(' | ') ? `(${one})` : one}[]${limitsOf(schema)}`;
  }
  if (type !== 'object') return `${text(kindsOf(type))}${limitsOf(schema)}`;
  if (properties === undefined)
    return `{ [name]: ${typeOf((schema['additionalProperties'] ?? {}) as Schema, indent)} }`;
  return objectOf(schema, indent);
}

function objectOf({ properties, required }: Schema, indent: string): string {
  const names = new Set(Array.isArray(required) ? (required as string[]) : []);
  const inner = `${indent}  `;
  const lines = Object.entries(properties as Record<string, Schema>).map(([name, schema]) => {
    const { description, default: usual } = schema;
    const notes = [
      ...(usual === undefined ? [] : [`when left out: ${JSON.stringify(usual)}`]),
      ...(typeof description === 'string' ? [description] : []),
    ];
    const note =
      notes.length === 0 ? '' : ` <span class="quiet">${marked(notes.join('. '))}</span>`;
    return `${inner}${text(name)}${names.has(name) ? '' : '?'}: ${typeOf(schema, inner)}${note}`;
  });
  return `{\n${lines.join('\n')}\n${indent}}`;
}

function kindsOf(type: unknown): string {
  if (Array.isArray(type)) return type.map(kindsOf).join(' | ');
  return typeof type === 'string' ? type : 'any';
}

/** What says more than that a number is a safe one. */
function limitsOf(schema: Schema): string {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems } = schema;
  const least = bound(minimum) ?? bound(minLength) ?? bound(minItems);
  const most = bound(maximum) ?? bound(maxLength) ?? bound(maxItems);
  const of = maxLength ?? minLength;
  const unit =
    of !== undefined ? ' characters' : (maxItems ?? minItems) !== undefined ? ' items' : '';
  if (least !== undefined && most !== undefined) return ` (${least} to ${most}${unit})`;
  if (least === 1 && unit !== '') return ' (not empty)';
  if (least !== undefined) return ` (at least ${least}${unit})`;
  return most === undefined ? '' : ` (at most ${most}${unit})`;
}

function bound(value: unknown): number | undefined {
  return typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER ? value : undefined;
}

/** Paragraphs and lists. */
function prose(markdown: string): string {
  return markdown
    .split('\n\n')
    .filter((block) => block !== '')
    .map((block) =>
      block.startsWith('- ')
        ? `<ul>${block
            .split('\n')
            .map((line) => `<li>${marked(line.slice(2))}</li>`)
            .join('')}</ul>`
        : `<p>${marked(block)}</p>`,
    )
    .join('');
}

function marked(line: string): string {
  return text(line)
    .replaceAll(/`([^`]+)`/g, '<code>$1</code>')
    .replaceAll(/\*\*(.+?)\*\*/g, '<strong>$1</strong>');
}

function text(plain: string): string {
  return plain
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function id(name: string): string {
  return encodeURIComponent(name);
}
