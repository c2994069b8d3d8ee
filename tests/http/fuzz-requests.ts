/** Requests made of the OpenAPI document: some as it wants them, some nearly so, some hostile. */
import fc from 'fast-check';
import type { OpenApiDocument, Parameter, Schema } from '../../server/http/openapi.ts';
import type { Described } from './document.ts';

export interface FuzzRequest {
  readonly operationId: string;
  /** Perhaps one that its path does not have. */
  readonly method: string;
  /** As it goes over the wire. */
  readonly target: string;
  readonly headers: { readonly [name: string]: string };
  /** Latin-1: a unit for each byte; null: none. */
  readonly body: string | null;
}

export interface World {
  readonly document: OpenApiDocument;
  /** That are open. */
  readonly sessions: readonly string[];
}

/** Names of what there is, and of what could be. */
const POOLS: { readonly [name: string]: readonly string[] } = {
  key: ['a', 'b', 'ab', 'ключ'],
  field: ['x', 'y', 'list', 'n'],
  prefix: ['', 'a', 'ab'],
  id: ['n1', 'n2', 'n3'],
  node: ['n1', 'n2', 'n3', 'n9'],
  from: ['n1', 'n2'],
  to: ['n2', 'n3'],
};

/** These take nodes away, or last: none of them may be asked for as it should be. */
const REFUSED_ONLY = new Set([
  'killNode',
  'wipeNode',
  'pauseNode',
  'removeMember',
  'replaceMember',
  'addMember',
  'startChaos',
]);

const HOSTILE: readonly string[] = [
  '..',
  '%',
  '%00',
  '%ff',
  '%ED%A0%80',
  '%2F',
  '%2e%2e%2fetc',
  'constructor',
  '__proto__',
  'hasOwnProperty',
  'null',
  '-1',
  '1e3',
  '0x10',
  '9007199254740993',
  '9999999999999999',
  '99999999999999999999',
  'n1%00',
  '%F0%9F%98%80',
  'a'.repeat(1025),
  'a'.repeat(17_000),
  'a'.repeat(70_000),
];

const wellFormed = fc.oneof(
  fc.constantFrom('', 'a', '10', '-3', 'n1', '__proto__', '\u0000', '😀', ' '),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
);
const text = fc.oneof(
  { weight: 4, arbitrary: wellFormed },
  fc.constant('\ud800'),
  fc.string({ unit: 'binary', maxLength: 20 }),
);

/** A value that the schema allows, by and large: no more than 4 deep. */
export function valueOf(schema: Schema, world: World, name = '', depth = 0): fc.Arbitrary<unknown> {
  const { $ref, type, anyOf, oneOf, items, properties } = schema;
  const inner = (one: unknown, as = name): fc.Arbitrary<unknown> =>
    valueOf(one as Schema, world, as, depth + 1);
  if (typeof $ref === 'string') {
    const component = world.document.components.schemas[$ref.slice($ref.lastIndexOf('/') + 1)];
    return valueOf(component ?? {}, world, name, depth);
  }
  if ('const' in schema) return fc.constant(schema['const']);
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]));
  const choices = anyOf ?? oneOf;
  if (Array.isArray(choices)) return fc.oneof(...choices.map((one) => inner(one)));
  if (Array.isArray(type)) return fc.oneof(...type.map((one: unknown) => inner({ type: one })));
  switch (type) {
    case 'string': {
      const pool = name === 'clientId' ? world.sessions : POOLS[name];
      if (pool === undefined) return wellFormed;
      return fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...pool) }, wellFormed);
    }
    case 'integer':
    case 'number':
      return numberOf(schema);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array': {
      const { minItems = 0 } = schema as { readonly minItems?: number };
      const most = Math.max(minItems, depth > 3 ? 1 : 4);
      const element = inner(items ?? {}, name === 'groups' ? 'node' : name);
      return fc.array(element, { minLength: minItems, maxLength: most });
    }
    case 'object': {
      const parts = Object.entries((properties ?? {}) as Record<string, Schema>);
      const required = Array.isArray(schema['required']) ? (schema['required'] as string[]) : [];
      return fc
        .record(Object.fromEntries(parts.map(([key, part]) => [key, inner(part, key)])), {
          requiredKeys: required,
        })
        .map(coherent);
    }
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

/** Some properties, and parameters, go together, and some exclude each other. */
function coherent<T>(parts: { readonly [name: string]: T }): { readonly [name: string]: T } {
  const has = (name: string): boolean => parts[name] !== undefined;
  const dropped = new Set(['cursor']);
  // Most writes of one session would be stale.
  if (!has('clientId') || !has('sequence') || has('timestamp'))
    for (const it of ['clientId', 'sequence']) dropped.add(it);
  if (!has('key') && !has('op') && !has('is')) dropped.add('field');
  if (has('key')) dropped.add('prefix');
  if (parts['consistency'] !== 'local') dropped.add('node');
  return Object.fromEntries(Object.entries(parts).filter(([name]) => !dropped.has(name)));
}

function numberOf({ type, minimum, maximum }: Schema): fc.Arbitrary<number> {
  const least = typeof minimum === 'number' ? minimum : -1000;
  const most = typeof maximum === 'number' ? maximum : 1000;
  const edges = fc.constantFrom(least, most, Math.max(least, Math.min(most, 1)));
  const small = { min: Math.max(least, -1000), max: Math.min(most, 10_000) };
  const usual = type === 'integer' ? fc.integer(small) : fc.double({ ...small, noNaN: true });
  const tiny = fc.integer({
    min: Math.max(least, 0),
    max: Math.min(most, Math.max(least, 0) + 20),
  });
  return fc.oneof({ weight: 4, arbitrary: tiny }, { weight: 2, arbitrary: usual }, edges);
}

/** The value with one place of it made wrong. */
function spoiled(value: unknown): fc.Arbitrary<unknown> {
  const odd = fc.oneof(
    fc.constantFrom<unknown>(null, true, -1, 1.5, 1e300, '', [], {}, [[]], 'a'.repeat(129)),
    fc.jsonValue({ maxDepth: 1 }),
  );
  if (Array.isArray(value) && value.length > 0)
    return fc.oneof(
      odd,
      fc
        .tuple(fc.nat(value.length - 1), odd)
        .map(([at, one]) => value.map((old: unknown, i) => (i === at ? one : old))),
      fc
        .nat(value.length - 1)
        .chain((at) =>
          spoiled(value[at]).map((one) => value.map((old: unknown, i) => (i === at ? one : old))),
        ),
    );
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return odd;
  const keys = fc.constantFrom(...Object.keys(value));
  const parts = value as { readonly [key: string]: unknown };
  return fc.oneof(
    odd,
    fc.tuple(keys, odd).map(([key, one]) => ({ ...parts, [key]: one })),
    keys.map((key) => Object.fromEntries(Object.entries(parts).filter(([own]) => own !== key))),
    fc.tuple(text, odd).map(([key, one]) => ({ ...parts, [key]: one })),
    keys.chain((key) => spoiled(parts[key]).map((one) => ({ ...parts, [key]: one }))),
  );
}

/** Anything for any operation of the document: as it wants it, or nearly so, in which case all else is right more often than not. */
export function requests(
  operations: readonly Described[],
  world: World,
): fc.Arbitrary<FuzzRequest> {
  return fc.oneof(
    ...operations.flatMap((each) => [
      {
        weight: REFUSED_ONLY.has(each.operation.operationId) ? 0 : 3,
        arbitrary: requestOf(each, world, true),
      },
      { weight: 2, arbitrary: requestOf(each, world, false) },
    ]),
  );
}

function requestOf(
  { method, path, operation }: Described,
  world: World,
  sane: boolean,
): fc.Arbitrary<FuzzRequest> {
  const { operationId, parameters, requestBody } = operation;
  const refusedOnly = REFUSED_ONLY.has(operationId);
  const of = (place: Parameter['in']) => parameters.filter((it) => it.in === place);
  const segments = fc.tuple(...of('path').map(({ name }) => segment(name, sane, refusedOnly)));
  const query = fc.tuple(...of('query').map((it) => pair(it, world, sane))).chain((pairs) => {
    const given = Object.fromEntries(pairs.flat());
    const usual = Object.entries(sane ? coherent(given) : given)
      .map(([name, value]) => `${name}=${value}`)
      .join('&');
    return sane ? fc.constant(usual) : oddQuery(usual);
  });
  const json = requestBody?.content['application/json']?.schema;
  const bodyIsOdd = refusedOnly && of('path').length === 0;
  const taken = requestBody !== undefined;
  const good =
    json === undefined
      ? null
      : fc.record({ type: JSON_TYPE, bytes: valueOf(json, world).map(utf8) });
  const odd = taken ? bodyOf(json, world, bodyIsOdd) : strayBody;
  const body: fc.Arbitrary<Sent | null> = sane ? (good ?? (taken ? odd : fc.constant(null))) : odd;
  return fc
    .record({
      segments,
      query,
      body,
      asked: methodOf({ method, path }, world, sane),
      headers: headersOf(of('header'), sane),
    })
    .map(({ segments: names, query: search, body: sent, asked, headers }) => {
      const left = [...names];
      const target = path.replaceAll(/\{\w+\}/g, () => left.shift() ?? '');
      return {
        operationId,
        method: asked,
        target: search === '' ? target : `${target}?${search}`,
        headers: sent === null ? headers : { 'content-type': sent.type, ...headers },
        body: sent?.bytes ?? null,
      };
    });
}

function methodOf(
  { method, path }: Pick<Described, 'method' | 'path'>,
  { document }: World,
  sane: boolean,
): fc.Arbitrary<string> {
  const own = Object.keys(document.paths[path] ?? {});
  const others = ['PUT', 'PATCH', 'POST', 'DELETE', 'OPTIONS', 'PROPFIND'].filter(
    (other) => !own.includes(other.toLowerCase()),
  );
  return fc.oneof(
    { weight: 12, arbitrary: fc.constant(method) },
    { weight: sane ? 0 : 1, arbitrary: fc.constantFrom(...others) },
  );
}

function segment(name: string, sane: boolean, refusedOnly: boolean): fc.Arbitrary<string> {
  const hostile = fc.oneof(
    fc.constantFrom(...HOSTILE),
    text.filter((one) => one !== '' && !/^n\d+$/.test(one)).map(encoded),
  );
  if (refusedOnly) return hostile;
  const pool = (POOLS[name] ?? ['a']).map(encoded);
  if (sane) return fc.constantFrom(...pool);
  return fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...pool) }, hostile);
}

/** A parameter of the query: left out, right, or wrong. */
function pair(
  { name, required, schema }: Parameter,
  world: World,
  sane: boolean,
): fc.Arbitrary<readonly (readonly [string, string])[]> {
  const named = (value: string) => [[name, value] as const];
  const right = valueOf(schema, world, name).map((value) => named(encoded(String(value))));
  const hostile = fc.constantFrom(...HOSTILE.slice(0, -2)).map(named);
  return fc.oneof(
    { weight: sane && required ? 0 : 8, arbitrary: fc.constant([]) },
    { weight: 8, arbitrary: right },
    { weight: sane ? 0 : 1, arbitrary: hostile },
  );
}

function oddQuery(usual: string): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 8, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: text.map((name) => `${usual}&${encoded(name)}=1`) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(`${usual}&${usual}`, `${usual}&%`, '&&=', '__proto__=1'),
    },
  );
}

interface Sent {
  readonly type: string;
  readonly bytes: string;
}

const JSON_TYPE = fc.constant('application/json');
const anyType = fc.oneof(
  { weight: 9, arbitrary: JSON_TYPE },
  fc.constantFrom('application/json; charset=utf-8', 'text/plain', 'application/x-ndjson', 'x'),
);

const brokenText = fc.constantFrom(
  '{',
  '{"value":"\\ud800"}',
  '{"value":"\xff"}',
  '"\xed\xa0\x80"',
  '{"a":1,"a":2}',
  '{"__proto__":{"polluted":true}}',
  '['.repeat(20_000),
  'null',
  '',
  '\x00',
);

const strayBody: fc.Arbitrary<Sent | null> = fc.oneof(
  { weight: 8, arbitrary: fc.constant(null) },
  fc.record({ type: anyType, bytes: brokenText }),
);

function bodyOf(
  schema: Schema | undefined,
  world: World,
  mustBeOdd: boolean,
): fc.Arbitrary<Sent | null> {
  const good = schema === undefined ? fc.jsonValue() : valueOf(schema, world);
  const bad = good.chain(spoiled);
  const refused = good.map((value) => ({ ...(value as object), odd: 1 }));
  const value = mustBeOdd
    ? refused
    : fc.oneof({ weight: 3, arbitrary: good }, { weight: 3, arbitrary: bad });
  const sent = fc.record({ type: anyType, bytes: value.map(utf8) });
  if (mustBeOdd) return sent;
  return fc.oneof(
    { weight: 6, arbitrary: sent },
    { weight: 1, arbitrary: fc.record({ type: anyType, bytes: brokenText }) },
    { weight: 1, arbitrary: fc.constant(null) },
  );
}

function headersOf(
  described: readonly Parameter[],
  sane: boolean,
): fc.Arbitrary<Record<string, string>> {
  const timeouts = described.some(({ name }) => name === 'Request-Timeout-Ms');
  return fc
    .record({
      timeout: fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom('500', '2000') },
        {
          weight: sane ? 0 : 1,
          arbitrary: fc.constantFrom('1', '0', '-1', 'soon', '', '60001', '1.5'),
        },
      ),
      id: fc.option(
        fc.constantFrom('mine-1', 'a'.repeat(128), 'a'.repeat(129), 'sp ace', '<b>', '\xff'),
        { freq: 4 },
      ),
      odd: fc.oneof(
        { weight: 12, arbitrary: fc.constant({}) },
        fc.constantFrom<Record<string, string>>(
          { origin: 'http://evil.example' },
          { host: 'evil.example' },
          { 'content-encoding': 'gzip' },
          { accept: 'text/html' },
          { connection: 'upgrade', upgrade: 'h2c' },
        ),
      ),
      last: fc.option(fc.constantFrom('0', '3', ...(sane ? [] : ['x', '-1', '9007199254740993'])), {
        freq: 3,
      }),
    })
    .map(({ timeout, id, last, odd }) => ({
      ...(!sane && odd),
      ...(timeouts && { 'request-timeout-ms': timeout }),
      ...(id !== null && { 'x-request-id': id }),
      ...(last !== null && described.length > 1 && { 'last-event-id': last }),
    }));
}

/** As UTF-8, a unit for each byte. */
function utf8(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('latin1');
}

/** Percent-encoded; half of a surrogate pair as the three bytes that it would have. */
function encoded(plain: string): string {
  let out = '';
  for (const char of plain) {
    const code = char.codePointAt(0) ?? 0;
    out +=
      code >= 0xd800 && code <= 0xdfff
        ? `%${(0xe0 | (code >> 12)).toString(16)}%${(0x80 | ((code >> 6) & 63)).toString(16)}%${(0x80 | (code & 63)).toString(16)}`
        : encodeURIComponent(char);
  }
  return out;
}
