/** `watch`: what happens in the store, as it happens. */
import { formatTimestamp } from '../../client/time-input.ts';
import { failureOf } from '../../client/api-failure.ts';
import { Watches } from '../../client/watch.ts';
import type { BatchView } from '../../contracts/watch.ts';
import type { Problem } from '../../contracts/errors.ts';
import type { Call } from '../call.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { errorOf } from '../failure.ts';
import { inert, jsonText } from '../text.ts';
import { shown } from '../values.ts';

type Change = BatchView['changes'][number];

const watch: Command = {
  name: 'watch',
  summary: 'Tell every change of a field, a record, a prefix or everything, as it happens',
  about: [
    'Each change is told once and in order. When the line breaks it goes on after the last revision that was told, through a change of leader and a restart of the server. Ctrl-C ends it with exit code 130.',
  ],
  arguments: [
    { name: 'KEY', need: 'optional', about: 'The record; all of them unless said' },
    { name: 'FIELD', need: 'optional', about: 'Its field' },
  ],
  options: [
    { name: 'prefix', value: 'PREFIX', about: 'Of keys, instead of KEY' },
    { name: 'after', value: 'REV', about: 'What happened after this revision first' },
    { name: 'count', value: 'N', about: 'End with exit code 0 after so many changes' },
  ],
  examples: [
    {
      line: 'chronoraft watch shop --after 1 --count 3',
      about: 'the first three changes of the record since revision 1',
    },
    { line: 'chronoraft watch --prefix sh', about: 'everything from now on', endless: true },
  ],
  async run(call) {
    const { connected, lineTo } = await import('../live.ts');
    const scope = scopeOf(call);
    const after = call.whole('after', 0, Number.MAX_SAFE_INTEGER) ?? null;
    // What cannot be gone on after is said at once, and not waited for.
    if (after !== null) await call.ask(call.client.changes(after, 1));
    let left = call.whole('count', 1, Number.MAX_SAFE_INTEGER) ?? Number.POSITIVE_INFINITY;
    const socket = lineTo(call.connection);
    const watches = new Watches(socket);
    const { interrupted } = call.io;
    let printed = Promise.resolve();
    try {
      const ended = new Promise<Problem | 'interrupted' | 'counted'>((resolve) => {
        interrupted.addEventListener('abort', () => resolve('interrupted'), { once: true });
        if (interrupted.aborted) resolve('interrupted');
        watches.watch(
          scope,
          {
            onChanges: (batches) => {
              for (const [revision, change] of changesOf(batches)) {
                if (left === 0) break;
                left--;
                printed = printed.then(() => call.print([lineOf(call, revision, change)]));
              }
              if (left === 0) resolve('counted');
              // A slow reader of the output is a slow reader of the watch.
              return printed;
            },
            onLagging: (through, head) =>
              void call.note(`behind: told up to revision ${through} of ${head}`),
            onEnd: resolve,
          },
          after,
        );
      });
      const { dismissed } = await connected(socket, call.connection, call.timeoutMs);
      socket.on('disconnect', (reason) => {
        if (!reason.startsWith('io ')) void call.note('the line broke; it goes on when it is back');
      });
      const end = await Promise.race([ended, dismissed]);
      await printed;
      if (end === 'interrupted') return EXIT.interrupted;
      if (end !== 'counted') throw errorOf(failureOf(end));
      return undefined;
    } finally {
      watches.close();
      socket.disconnect();
    }
  },
};

function scopeOf(call: Call) {
  const [key, field, prefix] = [call.optional('KEY'), call.optional('FIELD'), call.text('prefix')];
  if (key !== undefined && prefix !== undefined) call.refuse('--prefix stands in for KEY');
  return {
    ...(key !== undefined && { key }),
    ...(field !== undefined && { field }),
    ...(prefix !== undefined && { prefix }),
  };
}

function changesOf(batches: readonly BatchView[]): readonly (readonly [number, Change])[] {
  return batches.flatMap(({ revision, changes }) =>
    changes.map((change) => [revision, change] as const),
  );
}

function lineOf(call: Call, revision: number, change: Change): string {
  if (call.json) return jsonText({ revision, ...change });
  const { kind, key, field, at, value } = change;
  const what = kind === 'delete' || kind === 'expire' ? KIND_WORDS[kind] : shown(value);
  return `rev ${revision}\t${formatTimestamp(at)}\t${inert(key)}\t${inert(field)}\t${what}`;
}

const KIND_WORDS = { delete: '(deleted)', expire: '(expired)' } as const;

export const WATCHES: readonly Command[] = [watch];
