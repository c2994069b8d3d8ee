/**
 * What a real message becomes when something between two nodes is broken: a
 * field is missing or of another kind, a number is none, or all of it is of another
 * cluster, a later version, another store or an earlier life. Only what every
 * node must refuse: a message that is false and well-formed is a lie, and Raft
 * does not bear liars.
 */
import { assert, must } from '../server/base/assert.ts';
import type { Random } from '../server/base/random.ts';
import type { DropCause, DropCounts } from '../server/node/control.ts';
import type { Packet } from '../server/ports/transport.ts';

/** How often a message has a spoiled echo. */
const SHARE = 0.3;

interface Spoiled {
  readonly packet: unknown;
  /** As what it must be counted. */
  readonly cause: DropCause;
}

/** A copy of `packet`, which its receiver has just taken in, that it must refuse. */
export function spoil(random: Random, { head, messages }: Packet): Spoiled {
  const message = must(messages[0], 'a packet has a message');
  const withHead = (changed: object, cause: DropCause): Spoiled => ({
    packet: { head: { ...head, ...changed }, messages },
    cause,
  });
  const withMessage = (changed: unknown, cause: DropCause): Spoiled => ({
    packet: { head, messages: [changed] },
    cause,
  });
  const cases: readonly (() => Spoiled)[] = [
    () => withHead({ version: head.version + 1 }, 'version'),
    () => withHead({ clusterId: `${head.clusterId}'` }, 'cluster'),
    () => withHead({ storeId: `${head.storeId}'` }, 'store'),
    () => withHead({ bootEpoch: head.bootEpoch - 1 }, 'earlierLife'),
    () => withMessage({ ...message, to: `${message.to}'` }, 'misdirected'),
    () => withMessage({ ...message, from: message.to }, 'misdirected'),
    () => withMessage({ ...message, type: 'toString' }, 'malformed'),
    () => ({ packet: { head: broken(random, head), messages }, cause: 'malformed' }),
    () => ({ packet: random.pick([null, undefined, 7, 'x', [], { head }]), cause: 'malformed' }),
  ];
  // A message has the most ways to be none.
  return random.chance(0.5)
    ? withMessage(broken(random, message), 'malformed')
    : random.pick(cases)();
}

/** Gives the node spoiled copies of some of what it hears, and sees that it drops them. */
export function echoGarbage(
  random: Random,
  drops: () => DropCounts | undefined,
  onDropped: () => void,
): (packet: Packet, hear: (packet: unknown) => void) => void {
  return (real, hear) => {
    if (!random.chance(SHARE)) return;
    const { packet, cause } = spoil(random, real);
    const before = drops();
    hear(packet);
    const after = drops();
    if (before === undefined || after === undefined) return;
    assert(
      after[cause] === before[cause] + 1,
      `dropped as ${cause}: ${JSON.stringify(packet)} in the place of ${JSON.stringify(real)}`,
    );
    onDropped();
  };
}

/** In the place of a number, a text, a truth, a list, an object or nothing: what can never stand there. */
const NEVER: Readonly<Record<string, readonly unknown[]>> = {
  number: [Number.NaN, Number.POSITIVE_INFINITY, -1, 0.5, 2 ** 53, 1e300, '7', true, {}],
  string: [7, null, true, {}, []],
  boolean: [1, 'true', null, {}],
  list: [7, 'x', null, {}],
  object: [7, 'x', [], {}],
  nothing: [-1, 'x', true, {}],
};

/** `value` with one thing in it, however deep, that is missing or can never stand there. */
export function broken(random: Random, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || isEmpty(value))
    return random.pick(must(NEVER[kindOf(value)], 'what can never stand there'));
  if (Array.isArray(value)) {
    const at = random.nextInt(0, value.length - 1);
    return value.map((item: unknown, i) => (i === at ? broken(random, item) : item));
  }
  const field = random.pick(Object.keys(value));
  const copy: Record<string, unknown> = { ...value };
  if (random.chance(0.2)) Reflect.deleteProperty(copy, field);
  else copy[field] = broken(random, copy[field]);
  return copy;
}

function kindOf(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'list';
  return typeof value;
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0;
}
