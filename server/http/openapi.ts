/** The OpenAPI 3.1 document, made of the operations and of the schemas that requests are checked with. */
import * as z from 'zod';
import { isDeepStrictEqual } from 'node:util';
import type { ErrorCode } from '../../contracts/errors.ts';
import { OPERATIONS } from '../../contracts/operations/all.ts';
import { anyErrors, tags } from '../../contracts/operations/operation.ts';
import type { Operation, OtherAnswer } from '../../contracts/operations/operation.ts';
import { assert } from '../base/assert.ts';
import { COMPONENTS } from './components.ts';
import { KINDS } from './errors.ts';

export const PROBLEM_TYPE = 'application/problem+json';
const JSON_TYPE = 'application/json';

export type Schema = { readonly [key: string]: unknown };

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: Schema;
}

export interface Content {
  readonly [type: string]: {
    readonly schema?: Schema;
    /** Each line of JSON lines. */
    readonly 'x-line'?: Schema;
    /** The data of each kind of server-sent event. */
    readonly 'x-events'?: { readonly [event: string]: Schema };
  };
}

export interface Answer {
  readonly description: string;
  readonly headers: { readonly [name: string]: Schema };
  readonly content: Content;
}

export interface OperationObject {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly description?: string;
    readonly content: Content;
  };
  readonly responses: { readonly [status: string]: Answer };
}

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: { readonly [path: string]: { readonly [method: string]: OperationObject } };
  readonly components: {
    readonly schemas: { readonly [name: string]: Schema };
    readonly headers: { readonly [name: string]: Schema };
  };
}

const ABOUT = `Commands and queries of a Chronoraft cluster. The guide, docs/guides/api.md, has the conventions with examples.

- **Errors** are \`${PROBLEM_TYPE}\` (RFC 9457) with a \`code\` of a closed list. \`retryable\` says that the same request may be sent again without harm.
- **Uncertain outcomes are told as such.** OUTCOME_UNKNOWN means that a write may or may not be committed, now or later. NO_LEADER means that it never will be.
- **Writes are done once** under a session: open one, then send each write with its \`clientId\` and a \`sequence\` that rises by one. A repeat gets the first answer and writes nothing.
- **Requests wait** for at most \`Request-Timeout-Ms\` (5000 when left out, at most 60000), then answer what is known.
- **\`x-request-id\`** of the request is taken over where it is 1 to 128 letters, digits and \`_ . : -\`; each answer has one, and so has each line of the log about it.
- What is not described is refused: unknown parameters, and unknown properties of bodies. Answers may gain properties.
- A GET that answers JSON can be asked with HEAD too.`;

/** `version` is that of Chronoraft. */
export function openApiDocument(version: string): OpenApiDocument {
  const schemas = new Schemas();
  const paths: Record<string, Record<string, OperationObject>> = {};
  for (const operation of OPERATIONS) {
    paths[operation.path] ??= {};
    const methods = paths[operation.path] ?? {};
    const method = operation.method.toLowerCase();
    assert(methods[method] === undefined, 'an operation is described once');
    methods[method] = describe(operation, schemas);
  }
  return {
    openapi: '3.1.1',
    info: { title: 'Chronoraft', version, description: ABOUT },
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: schemas.named(),
      headers: {
        RequestId: {
          description: 'The id of the request, also in the problem and in the log.',
          required: true,
          schema: { type: 'string' },
        },
      },
    },
  };
}

/** Errors that an operation may answer with. */
export function errorsOf(operation: Operation): readonly ErrorCode[] {
  return [...new Set<ErrorCode>([...anyErrors, ...operation.errors])];
}

function describe(operation: Operation, schemas: Schemas): OperationObject {
  const { id, tag, summary, description, params, query, headers, body, file } = operation;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    parameters: [
      ...parametersOf('path', params?.shape, schemas),
      ...parametersOf('query', query?.shape, schemas),
      ...parametersOf('header', headers, schemas),
    ],
    ...(body !== undefined && {
      requestBody: {
        required: operation.bodyMayBeAbsent !== true,
        content: { [JSON_TYPE]: { schema: schemas.taken(body) } },
      },
    }),
    ...(file !== undefined && {
      requestBody: {
        required: true,
        description: file.description,
        content: { [file.type]: {} },
      },
    }),
    responses: answersOf(operation, schemas),
  };
}

function parametersOf(
  place: Parameter['in'],
  shape: { readonly [name: string]: z.core.$ZodType } = {},
  schemas: Schemas,
): readonly Parameter[] {
  return Object.entries(shape).map(([name, type]) => {
    const { description, ...schema } = schemas.given(type);
    return {
      name,
      in: place,
      required: type._zod.optin !== 'optional',
      ...(typeof description === 'string' && { description }),
      schema,
    };
  });
}

function answersOf(operation: Operation, schemas: Schemas): OperationObject['responses'] {
  const { answer, status = 200, otherAnswers = [] } = operation;
  const all: OtherAnswer[] = [...otherAnswers];
  if (answer !== undefined)
    all.unshift({ status, type: JSON_TYPE, description: 'Done.', schema: answer });
  const codes = errorsOf(operation);
  const answers: Record<string, Answer> = {};
  const statuses = new Set([
    ...all.map((it) => it.status),
    ...codes.map((code) => KINDS[code].status),
  ]);
  for (const each of [...statuses].sort((a, b) => a - b)) {
    const good = all.filter((it) => it.status === each);
    const bad = codes.filter((code) => KINDS[code].status === each);
    const content: Record<string, Content[string]> = {};
    for (const { type, schema, line, events } of good)
      content[essence(type)] = {
        ...(schema !== undefined && { schema: schemas.given(schema) }),
        ...(line !== undefined && { 'x-line': schemas.given(line) }),
        ...(events !== undefined && {
          'x-events': Object.fromEntries(
            Object.entries(events).map(([event, data]) => [event, schemas.given(data)]),
          ),
        }),
      };
    if (bad.length > 0) content[PROBLEM_TYPE] = { schema: problemOf(bad, schemas) };
    answers[String(each)] = {
      description: [
        ...good.map((it) => it.description),
        ...bad.map((code) => `${code}: ${KINDS[code].title}.`),
      ].join(' '),
      headers: { 'x-request-id': { $ref: '#/components/headers/RequestId' } },
      content,
    };
  }
  return answers;
}

function problemOf(codes: readonly ErrorCode[], schemas: Schemas): Schema {
  const some = { type: 'object', properties: { code: { enum: codes } } };
  return { allOf: [schemas.given(COMPONENTS.Problem), some] };
}

/** Without its parameters. */
function essence(type: string): string {
  return type.split(';', 1)[0] ?? type;
}

/** Schemas as JSON; those with a name stand once, in the components. */
class Schemas {
  private readonly components = new Map<string, Schema>();
  private readonly names = z.registry<{ id: string }>();

  constructor() {
    for (const [id, schema] of Object.entries(COMPONENTS)) this.names.add(schema, { id });
  }

  /** Of what the server answers, and of parameters as they are once read. */
  given(schema: z.core.$ZodType): Schema {
    return this.convert(schema, 'output');
  }

  /** Of what the server takes. */
  taken(schema: z.core.$ZodType): Schema {
    return this.convert(schema, 'input');
  }

  named(): OpenApiDocument['components']['schemas'] {
    return Object.fromEntries([...this.components].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  private convert(schema: z.core.$ZodType, io: 'input' | 'output'): Schema {
    const made = z.toJSONSchema(schema, {
      io,
      metadata: this.names,
      override: ({ zodSchema, jsonSchema }) => {
        const { id: _id, ...meta } = z.globalRegistry.get(zodSchema) ?? {};
        Object.assign(jsonSchema, meta);
        // Answers may gain properties; bodies are strict of themselves.
        const { def } = zodSchema._zod;
        if (def.type === 'object' && def.catchall === undefined)
          delete jsonSchema.additionalProperties;
      },
    });
    const { $schema: _draft, $defs = {}, id, ...rest } = rebased(made) as Record<string, unknown>;
    for (const [name, definition] of Object.entries($defs as Record<string, Schema>)) {
      const { id: _id, ...component } = definition;
      this.keep(name, component);
    }
    if (typeof id !== 'string') return rest;
    this.keep(id, rest);
    return { $ref: `#/components/schemas/${id}` };
  }

  private keep(name: string, component: Schema): void {
    const known = this.components.get(name);
    assert(
      known === undefined || isDeepStrictEqual(known, component),
      `${name} means the same wherever it stands`,
    );
    this.components.set(name, component);
  }
}

/** With references into the components. */
function rebased(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(rebased);
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [
      key,
      key === '$ref' && typeof value === 'string'
        ? value.replace('#/$defs/', '#/components/schemas/')
        : rebased(value),
    ]),
  );
}
