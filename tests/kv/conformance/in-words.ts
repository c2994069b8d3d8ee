/** Answers in few words, with revisions as numbers of the case's writes, so that every subject says the same. */
import type { FoundVersion, ViewAnswer } from '../../../server/kv/queries.ts';
import type { OperationOutcome, Outcome, Value, Version } from '../../../server/kv/types.ts';
import type { ReadOutcome, Written } from './subject.ts';

/** How the case calls what it wrote. */
export interface Names {
  key(stored: string): string;
  /** Number of the write of a revision; "?" for one that is not of the case. */
  write(revision: number): string;
}

/** The code of a refusal, and which operation of a transaction it was. */
export function writtenInWords(written: Written, names: Names): string {
  if (!written.ok)
    return written.operation === undefined
      ? written.code
      : `${written.code} at ${written.operation}`;
  const done = outcomeInWords(written.outcome, names);
  return written.revision === null ? `${done}, unwritten` : done;
}

function outcomeInWords(outcome: Outcome, names: Names): string {
  switch (outcome.op) {
    case 'tick':
    case 'retention':
    case 'session':
      return outcome.op;
    case 'restore':
      return `restored ${outcome.fields}`;
    case 'import':
      return outcome.settled === null
        ? `imported ${outcome.fields}`
        : `imported ${outcome.fields} to ${names.key(outcome.settled.key)}.${outcome.settled.field}`;
    case 'importHistory':
      return `added ${outcome.versions}`;
    case 'txn': {
      const { failed } = outcome;
      const done = `[${outcome.outcomes.map(operationInWords).join('; ')}]`;
      if (failed === null) return `then ${done}`;
      const { found } = failed;
      const there =
        found === null
          ? '-'
          : `${found.value === null ? 'something long' : valueInWords(found.value)} r${names.write(found.revision)}`;
      return `condition ${failed.index} found ${there}, else ${done}`;
    }
    default:
      return operationInWords(outcome);
  }
}

function operationInWords(outcome: OperationOutcome): string {
  switch (outcome.op) {
    case 'set':
      return outcome.existed ? 'replaced' : 'new';
    case 'delete':
      return outcome.existed ? 'deleted' : 'was absent';
    case 'deleteRecord':
      return `deleted ${outcome.fields}`;
    case 'append':
      return `length ${outcome.length}`;
    case 'remove':
      return `took ${outcome.removed}, left ${outcome.length}`;
    case 'increment':
      return `is ${outcome.value}`;
  }
}

export function readInWords(read: ReadOutcome, names: Names): string {
  return read.ok ? answerInWords(read.answer, names) : read.code;
}

export function answerInWords(answer: ViewAnswer, names: Names): string {
  switch (answer.type) {
    case 'get':
      return answer.found === null
        ? `-${answer.absentBecause ?? ''}`
        : valueInWords(answer.found.value);
    case 'scan':
      return answer.fields.map(fieldInWords).join(' ');
    case 'keys':
      return answer.keys.map(({ key, fields }) => `${names.key(key)}:${fields}`).join(' ');
    case 'range':
      return answer.records
        .map(({ key, fields, more }) => {
          const shown = fields.map(fieldInWords).join(' ');
          return `${names.key(key)}{${shown}${more ? ' …' : ''}}`;
        })
        .join(' ');
    case 'history':
      return answer.versions.map((version) => versionInWords(version, names)).join(', ');
    case 'versions':
      return answer.versions
        .map((version) => {
          const { key, field } = version;
          return `${names.key(key)}.${field}=${versionInWords(version, names)}`;
        })
        .join(', ');
    case 'diff':
      return answer.changes
        .map(({ key, field, before, after }) => {
          const side = (found: FoundVersion | null): string =>
            found === null ? '-' : valueInWords(found.value);
          return `${names.key(key)}.${field}:${side(before)}→${side(after)}`;
        })
        .join(' ');
  }
}

function versionInWords(
  { timestamp, revision, op, value, expiresAt }: Version,
  names: Names,
): string {
  const until = expiresAt === null ? '' : `<${expiresAt}`;
  const text = value === null ? '†' : valueInWords(value);
  return `${text}@${timestamp}${until} r${names.write(revision)}.${op}`;
}

function fieldInWords({ field, value }: { readonly field: string; readonly value: Value }): string {
  return `${field}=${valueInWords(value)}`;
}

function valueInWords(value: Value): string {
  return typeof value === 'string' ? value : `[${value.join(',')}]`;
}
