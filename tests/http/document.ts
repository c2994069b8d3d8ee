/** What a server says of its API, and whether it keeps to it: answers are held against its own OpenAPI document. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { must } from '../../server/base/assert.ts';
import type { OpenApiDocument, OperationObject, Schema } from '../../server/http/openapi.ts';

export interface Described {
  readonly method: string;
  readonly path: string;
  readonly operation: OperationObject;
}

export interface Told {
  readonly status: number;
  readonly headers: Headers;
  /** As it came; null: not read. */
  readonly text: string | null;
}

/** Statuses of answers without a body of their own. */
const JSON_TYPES = new Set(['application/json', 'application/problem+json']);

export class ApiDocument {
  readonly document: OpenApiDocument;
  readonly operations: readonly Described[];
  private readonly components: unknown;
  private readonly ajv = new Ajv2020({ strict: false });
  private readonly compiled = new Map<object, ValidateFunction>();

  constructor(document: OpenApiDocument) {
    this.document = document;
    this.components = closed(document.components);
    this.operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase(),
        path,
        operation,
      })),
    );
  }

  static async of(url: string): Promise<ApiDocument> {
    const response = await fetch(`${url}/api/v1/openapi.json`);
    return new ApiDocument((await response.json()) as OpenApiDocument);
  }

  /** The operation that a request is of; null when it is of none. */
  find(method: string, target: string): Described | null {
    const path = must(target.split('?', 1)[0], 'a target has a path');
    const matching = this.operations.filter(
      (it) => it.method === method && patternOf(it.path).test(path),
    );
    // A name in the path goes before a parameter.
    return matching.sort((a, b) => parametersIn(a.path) - parametersIn(b.path))[0] ?? null;
  }

  named(operationId: string): Described {
    const found = this.operations.find(({ operation }) => operation.operationId === operationId);
    return must(found, `there is an operation ${operationId}`);
  }

  /** What is wrong with an answer, in words; null when it is as the document says. */
  faultOf({ operation }: Described, { status, headers, text }: Told): string | null {
    const said = operation.responses[String(status)];
    if (said === undefined) return `status ${status} is not in the document: ${text ?? ''}`;
    const id = headers.get('x-request-id');
    if (id === null || id === '') return 'there is no x-request-id';
    const type = (headers.get('content-type') ?? '').split(';', 1)[0] ?? '';
    const content = said.content[type];
    if (content === undefined) return `type ${type} of status ${status} is not in the document`;
    if (text === null) return null;
    if (content['x-line'] !== undefined) {
      for (const line of text.split('\n').filter((each) => each !== '')) {
        const fault = this.mismatch(content['x-line'], JSON.parse(line));
        if (fault !== null) return fault;
      }
    }
    if (content.schema === undefined || !JSON_TYPES.has(type)) return null;
    const body = JSON.parse(text) as { readonly requestId?: unknown };
    if (type === 'application/problem+json' && body.requestId !== id)
      return `the problem is of request ${String(body.requestId)}, the answer of ${id}`;
    return this.mismatch(content.schema, body);
  }

  /** The same, of an answer to what is no operation. */
  refusalFault({ status, headers, text }: Told): string | null {
    if (status < 400 || status > 499) return `what is no operation has status ${status}`;
    if (headers.get('x-request-id') === null) return 'there is no x-request-id';
    return this.mismatch({ $ref: '#/components/schemas/Problem' }, JSON.parse(text ?? ''));
  }

  /** What is wrong with `value`; null when it is as the schema says, without anything more. */
  mismatch(schema: Schema, value: unknown): string | null {
    const known = this.compiled.get(schema);
    const validate =
      known ?? this.ajv.compile({ ...(closed(schema) as object), components: this.components });
    this.compiled.set(schema, validate);
    return validate(value) ? null : `${this.ajv.errorsText(validate.errors)}: ${brief(value)}`;
  }
}

/** Answers may gain properties, says the document; those of this version have none that it does not name. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) return node;
  // The parts of an `allOf` each name some of the properties.
  if ('allOf' in node) return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]));
  return copy['type'] === 'object' && copy['properties'] !== undefined
    ? { additionalProperties: false, ...copy }
    : copy;
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]*')}$`);
}

function parametersIn(path: string): number {
  return path.split('{').length;
}

function brief(value: unknown): string {
  return JSON.stringify(value).slice(0, 400);
}
