/** Commands that write: put, del, incr, append, txn. */
import type { CellCondition, SetBody, TransactionBody } from '../../contracts/write.ts';
import type { Call } from '../call.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { usageError } from '../failure.ts';
import { readText } from '../input-text.ts';
import { inert } from '../text.ts';
import { shown } from '../values.ts';
import { FIELD, KEY, TIMESTAMP, TTL } from './shared.ts';

interface Committed {
  readonly revision: number | null;
  readonly term: number;
  readonly leader: string;
}

function committed({ revision, term, leader }: Committed): string {
  if (revision === null) return 'nothing to do, nothing written';
  return `committed at revision ${revision}, term ${term}, by ${leader}`;
}

const put: Command = {
  name: 'put',
  summary: 'Write a field',
  about: [
    'Nothing is overwritten: a write adds a version, and the versions before it can be read by time and by revision.',
    'It is answered once a majority of the nodes has it on disk. If the answer is lost, the exit code is 5: the write may or may not be committed.',
  ],
  arguments: [
    KEY,
    FIELD,
    {
      name: 'VALUE',
      need: 'any',
      about: 'Text; - reads it from standard input as it is. With --list, each is an item',
    },
  ],
  options: [
    { name: 'file', value: 'FILE', about: 'Take the value from a file' },
    { name: 'list', about: 'The value is a list of the VALUEs' },
    TTL,
    TIMESTAMP,
    { name: 'if-absent', about: 'Only if nothing stands there' },
    { name: 'if-present', about: 'Only if something stands there' },
    { name: 'if-value', value: 'TEXT', about: 'Only if this value stands there' },
    { name: 'if-revision', value: 'REV', about: 'Only if what stands there was written at REV' },
  ],
  examples: [
    { line: 'chronoraft put shop price 10', about: 'a price' },
    { line: 'chronoraft put shop price 12 --if-value 10', about: 'a new price, if it is still 10' },
    {
      line: 'chronoraft put shop price 15 --if-value 10',
      about: 'the same once more: refused, exit code 6',
      exit: EXIT.refused,
    },
    { line: 'chronoraft put shop flash sale --ttl 30s', about: 'what holds for half a minute' },
    {
      line: 'chronoraft put shop open yes --timestamp "1h ago"',
      about: 'what has been so for an hour, learned only now',
    },
    { line: 'chronoraft put shop tags new red --list', about: 'a list of two items' },
    { line: 'echo "a long story" | chronoraft put shop story -', about: 'text from a pipe' },
  ],
  async run(call) {
    const [key, field] = [call.argument('KEY'), call.argument('FIELD')];
    const condition = conditionOf(call);
    const [ttl, timestamp] = [call.span('ttl'), call.instant('timestamp')];
    const body: SetBody = {
      value: await valueOf(call),
      ...(ttl !== undefined && { ttl }),
      ...(timestamp !== undefined && { timestamp }),
      ...(condition !== null && { if: condition }),
    };
    const answer = await call.ask(call.client.set(key, field, body));
    await call.answer(answer, [committed(answer)]);
    return undefined;
  },
};

async function valueOf(call: Call): Promise<SetBody['value']> {
  const [values, file] = [call.all('VALUE'), call.text('file')];
  if (file !== undefined) {
    if (values.length > 0) call.refuse('--file stands in for VALUE');
    return readText(call.io, file);
  }
  if (call.flag('list')) return [...values];
  const [value, ...more] = values;
  if (value === undefined) call.refuse('put needs VALUE');
  if (more.length > 0) call.refuse('put takes one VALUE: quote it, or write a list with --list');
  return value === '-' ? readText(call.io, '-') : value;
}

function conditionOf(call: Call): CellCondition | null {
  const conditions: CellCondition[] = [];
  if (call.flag('if-absent')) conditions.push({ is: 'absent' });
  if (call.flag('if-present')) conditions.push({ is: 'present' });
  const value = call.text('if-value');
  if (value !== undefined) conditions.push({ is: 'value', value });
  const revision = call.whole('if-revision', 0, Number.MAX_SAFE_INTEGER);
  if (revision !== undefined) conditions.push({ is: 'revision', revision });
  if (conditions.length > 1) call.refuse('put takes one condition; `txn` takes many');
  return conditions[0] ?? null;
}

const del: Command = {
  name: 'del',
  summary: 'Delete a field, or a whole record',
  about: ['What stood there before can still be read with --at and --as-of.'],
  arguments: [
    KEY,
    { name: 'FIELD', need: 'optional', about: 'Its field; without it, all of them' },
  ],
  options: [TIMESTAMP],
  examples: [
    { line: 'chronoraft del shop story', about: 'one field' },
    {
      line: 'chronoraft del shop story --json',
      about: 'once more: there is nothing to delete, and that is no failure',
    },
  ],
  async run(call) {
    const [key, field] = [call.argument('KEY'), call.optional('FIELD')];
    const timestamp = call.instant('timestamp');
    const options = timestamp === undefined ? {} : { timestamp };
    if (field === undefined) {
      const answer = await call.ask(call.client.deleteRecord(key, options));
      const fields = `${answer.fields} field${answer.fields === 1 ? '' : 's'}`;
      await call.answer(answer, [`${fields} deleted; ${committed(answer)}`]);
      return undefined;
    }
    const answer = await call.ask(call.client.delete(key, field, options));
    const what = answer.existed ? 'deleted' : 'there was none';
    await call.answer(answer, [`${what}; ${committed(answer)}`]);
    return undefined;
  },
};

const incr: Command = {
  name: 'incr',
  summary: 'Add to a number, and read what it became',
  arguments: [KEY, FIELD, { name: 'BY', need: 'optional', about: 'A whole number; 1 unless said' }],
  options: [TTL, TIMESTAMP],
  examples: [
    { line: 'chronoraft incr shop visits', about: 'one more' },
    { line: 'chronoraft incr shop visits -5', about: 'five fewer' },
  ],
  async run(call) {
    const text = call.optional('BY') ?? '1';
    const by = /^[-+]?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!Number.isSafeInteger(by)) call.refuse(`BY "${text}" is no whole number`);
    const [ttl, timestamp] = [call.span('ttl'), call.instant('timestamp')];
    const body = {
      by,
      ...(ttl !== undefined && { ttl }),
      ...(timestamp !== undefined && { timestamp }),
    };
    const [key, field] = [call.argument('KEY'), call.argument('FIELD')];
    const answer = await call.ask(call.client.increment(key, field, body));
    await call.answer(answer, [String(answer.value)]);
    return undefined;
  },
};

const append: Command = {
  name: 'append',
  summary: 'Add items to the end of a list',
  arguments: [KEY, FIELD, { name: 'ITEM', need: 'many', about: 'An item' }],
  options: [TTL, TIMESTAMP],
  examples: [{ line: 'chronoraft append shop tags round "very large"', about: 'two more items' }],
  async run(call) {
    const [ttl, timestamp] = [call.span('ttl'), call.instant('timestamp')];
    const body = {
      items: [...call.all('ITEM')],
      ...(ttl !== undefined && { ttl }),
      ...(timestamp !== undefined && { timestamp }),
    };
    const [key, field] = [call.argument('KEY'), call.argument('FIELD')];
    const answer = await call.ask(call.client.append(key, field, body));
    await call.answer(answer, [`${answer.length} items; ${committed(answer)}`]);
    return undefined;
  },
};

const txn: Command = {
  name: 'txn',
  summary: 'Many writes at one revision, all or none, under conditions',
  about: [
    'The document is that of POST /api/v1/txn: `if` lists conditions, `success` what is done when all hold, `failure` what is done otherwise.',
    'The exit code is 6 when a condition did not hold, also where a failure branch was done.',
  ],
  arguments: [
    {
      name: 'FILE',
      need: 'optional',
      about: 'JSON; - or nothing: standard input',
      offers: 'files',
    },
  ],
  options: [],
  examples: [
    {
      line: `echo '{"if":[{"is":"value","key":"shop","field":"price","value":"12"}],"success":[{"op":"set","key":"shop","field":"price","value":"14"},{"op":"increment","key":"shop","field":"visits"}]}' > sale.json`,
      about: 'a file: if the price is 12, it becomes 14 and there was a visit',
    },
    { line: 'chronoraft txn sale.json', about: 'it is, so both are written' },
    {
      line: 'chronoraft txn < sale.json',
      about: 'once more, from standard input: it is not, exit code 6',
      exit: EXIT.refused,
    },
  ],
  async run(call) {
    const body = parsed(await readText(call.io, call.optional('FILE') ?? '-'));
    const answer = await call.ask(call.client.transaction(body));
    const { succeeded, failed, outcomes } = answer;
    const held = succeeded
      ? 'every condition held'
      : `condition ${(failed?.index ?? 0) + 1} did not hold: there ${foundWords(failed?.found ?? null)}`;
    const done = `${outcomes.length} operation${outcomes.length === 1 ? '' : 's'} done`;
    await call.answer(answer, [`${held}; ${done}; ${committed(answer)}`]);
    return succeeded ? EXIT.ok : EXIT.refused;
  },
};

function foundWords(found: { readonly value: SetBody['value'] | null } | null): string {
  if (found === null) return 'is nothing';
  return found.value === null ? 'is something else' : `is ${inert(shown(found.value))}`;
}

function parsed(text: string): TransactionBody {
  try {
    return JSON.parse(text) as TransactionBody;
  } catch {
    throw usageError('the transaction is not JSON', 'see `chronoraft help txn`');
  }
}

export const WRITES: readonly Command[] = [put, del, incr, append, txn];
