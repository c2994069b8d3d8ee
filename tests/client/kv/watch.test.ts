/** How a watch of the client library goes on, and how little it holds: on a played line, in played time. */
import { describe, expect, test } from 'vitest';
import { EventParser } from '../../../client/kv/event-parser.ts';
import {
  ClosedError,
  CompactedError,
  connect,
  InvalidRequestError,
  RevisionNotYetError,
} from '../../../client/kv/index.ts';
import type { BatchView, Watch, WatchOptions } from '../../../client/kv/index.ts';
import { json, Played, problem } from './played.ts';
import type { Answer, Asked } from './played.ts';

const HORIZON = { timestamp: 5, revision: 6 };

function event(name: string, id: number, data: object): string {
  return `event: ${name}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
}

function changes(revision: number, text = ''): string {
  const change = { kind: 'set', key: 'k', field: 'f', value: text };
  return event('changes', revision, { revision, stamp: revision, changes: [change] });
}

function progress(through: number): string {
  return event('progress', through, { through });
}

function end(through: number, code: string, retryable: boolean, details = {}): string {
  const problem = { code, message: code, status: 400, retryable, ...details };
  return event('end', through, { through, problem });
}

/** `silent`: it stays open without a word; `break`: it breaks off. */
type Last = 'close' | 'silent' | 'break';

function stream(pieces: Iterable<string>, last: Last, signal: AbortSignal | null): Response {
  const encoder = new TextEncoder();
  const rest = pieces[Symbol.iterator]();
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        signal?.addEventListener('abort', () => controller.error(signal.reason));
      },
      pull: (controller) => {
        const piece = rest.next();
        if (piece.done !== true) controller.enqueue(encoder.encode(piece.value));
        else if (last === 'close') controller.close();
        else if (last === 'break') controller.error(new TypeError('terminated'));
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}

type Line = readonly [pieces: Iterable<string>, last: Last] | Answer;

/** A watch whose lines are these, one after another. */
function play(
  lines: readonly Line[],
  options: WatchOptions = {},
): { readonly played: Played; readonly watch: Watch } {
  const answer = ({ signal }: Asked, n: number): Answer => {
    const line = lines[n] ?? 'hang';
    return Array.isArray(line) ? stream(line[0], line[1], signal) : (line as Answer);
  };
  const played = new Played(answer);
  const client = connect({
    url: 'http://one',
    fetch: played.fetch,
    clock: played,
    random: () => 0.5,
  });
  return { played, watch: client.watch(options) };
}

/** The revisions of the first so many batches. */
async function take(watch: Watch, count: number): Promise<number[]> {
  const revisions: number[] = [];
  for await (const batch of watch) {
    revisions.push(batch.revision);
    if (revisions.length === count) break;
  }
  return revisions;
}

function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    (error: unknown) => error,
  );
}

function paths(played: Played): readonly string[] {
  return played.asked.map(({ path }) => path.replace('/api/v1/watch', ''));
}

describe('a watch', () => {
  test('[L17] goes on after the last revision that it was told, whatever ends its line; each change comes once', async () => {
    const { played, watch } = play(
      [
        [[progress(3), changes(4), changes(5)], 'break'],
        'lost',
        problem('NO_LEADER'),
        problem('SHUTTING_DOWN'),
        json('<html>', 502),
        // A part of an event, which is told again as a whole.
        [[progress(5) + changes(6), changes(7).slice(0, 40)], 'break'],
        [[progress(6), changes(7), end(7, 'SHUTTING_DOWN', true)], 'close'],
        [[progress(7), progress(9), end(9, 'SLOW_READER', true)], 'close'],
        // More than was asked for.
        [[progress(8), changes(8), changes(9), changes(10), changes(12)], 'silent'],
      ],
      { prefix: 'k' },
    );
    expect(await played.run(take(watch, 6))).toEqual([4, 5, 6, 7, 10, 12]);
    const after = paths(played).map((path) => new URLSearchParams(path).get('after'));
    expect(after).toEqual([null, '5', '5', '5', '5', '5', '6', '7', '9']);
    expect(watch.through).toBe(12);
    expect(played.timerCount).toBe(0);
  });

  test('[L17] waits longer from line to line while none brings news, and begins anew with the first that does', async () => {
    const { played, watch } = play(
      ['lost', 'lost', 'lost', [[progress(3), changes(4)], 'break'], [[changes(5)], 'silent']],
      { after: 3 },
    );
    await played.run(take(watch, 2));
    expect(played.times).toEqual([0, 25, 75, 175, 200]);
  });

  test('[L17] asks for another line when nothing was said for twenty seconds, or no line came', async () => {
    const { played, watch } = play(
      ['hang', [[progress(3)], 'silent'], [[progress(3), changes(4)], 'silent']],
      { after: 3 },
    );
    await played.run(take(watch, 1));
    expect(played.times).toEqual([0, 5025, 25_075]);
  });

  test('[L17] of what is forgotten is a CompactedError that says what is still there', async () => {
    const refused = end(1, 'COMPACTED', false, { horizon: HORIZON });
    const atOnce = play([[[progress(1), refused], 'close']], { after: 1 });
    const error = await atOnce.played.run(failureOf(take(atOnce.watch, 1)));
    expect(error).toBeInstanceOf(CompactedError);
    expect(error).toMatchObject({ code: 'COMPACTED', horizon: HORIZON });
    const asked = play([problem('COMPACTED', { status: 410, retryable: false, horizon: HORIZON })]);
    expect(await asked.played.run(failureOf(asked.watch.opened()))).toMatchObject({
      horizon: HORIZON,
    });
  });

  test('[L17] that the server ends for all is asked for again, and told for itself', async () => {
    const refused = end(4, 'COMPACTED', false, { horizon: HORIZON });
    const { played, watch } = play(
      [
        [[progress(3), changes(4), refused], 'close'],
        [[progress(4), changes(5)], 'silent'],
      ],
      { after: 3 },
    );
    expect(await played.run(take(watch, 2))).toEqual([4, 5]);
  });

  test('[L17] after a revision that is not there says so: it is of another cluster, or a mistake', async () => {
    const { played, watch } = play([problem('REVISION_NOT_YET', { status: 409 })], { after: 99 });
    expect(await played.run(failureOf(take(watch, 1)))).toBeInstanceOf(RevisionNotYetError);
    expect(played.asked.length).toBe(1);
  });

  test('[L17] takes what is none of this API for a broken line', async () => {
    const { played, watch } = play(
      [
        [['<html>\n\ndata: x\n\n'], 'close'],
        [['event: changes\ndata: {\n\n'], 'silent'],
        [[event('changes', 4, { revision: '4' })], 'silent'],
        [[event('progress', 4, {})], 'silent'],
        [[event('end', 4, {})], 'silent'],
        [[progress(3), changes(4)], 'silent'],
      ],
      { after: 3 },
    );
    expect(await played.run(take(watch, 1))).toEqual([4]);
    expect(paths(played)).toEqual(Array.from({ length: 6 }, () => '?after=3'));
  });

  test('[L17] has one reader', async () => {
    const { played, watch } = play([[[progress(3), changes(4)], 'silent']]);
    const batches = watch[Symbol.asyncIterator]();
    await played.run(batches.next());
    await expect(watch[Symbol.asyncIterator]().next()).rejects.toBeInstanceOf(InvalidRequestError);
    await batches.return();
  });

  test('[L17] says from where it tells, before anything happens', async () => {
    const { played, watch } = play(['lost', [[progress(3)], 'silent']]);
    expect(watch.through).toBe(null);
    expect(await played.run(watch.opened())).toBe(3);
    expect(watch.through).toBe(3);
  });

  test('[L18] reads nothing while nobody asks for the next change', async () => {
    let given = 0;
    const pieces = {
      *[Symbol.iterator]() {
        for (;;) yield changes(++given);
      },
    };
    const { played, watch } = play([[pieces, 'silent']], { after: 0 });
    const batches = watch[Symbol.asyncIterator]();
    for (let i = 0; i < 5; i++) await played.run(batches.next());
    await new Promise((resolve) => setImmediate(resolve));
    expect(given).toBeLessThanOrEqual(6);
    await played.run(batches.return());
  });

  test('[L20] ends with its reader, with close(), with its signal and with its client', async () => {
    const silent: Line = [[progress(3)], 'silent'];
    const closed = play([silent]);
    closed.played.after(10, () => closed.watch.close());
    expect(await closed.played.run(take(closed.watch, 1))).toEqual([]);

    const unopened = play(['hang']);
    unopened.played.after(10, () => unopened.watch.close());
    const opened = failureOf(unopened.watch.opened());
    expect(await unopened.played.run(take(unopened.watch, 1))).toEqual([]);
    expect(await opened).toBeInstanceOf(ClosedError);
    expect(unopened.played.now()).toBe(10);

    const controller = new AbortController();
    const reason = new Error('enough');
    const cut = play([silent], { signal: controller.signal });
    cut.played.after(10, () => controller.abort(reason));
    expect(await cut.played.run(failureOf(take(cut.watch, 1)))).toBe(reason);

    const played = new Played(({ signal }) => stream([progress(3)], 'silent', signal));
    const client = connect({ url: 'http://one', fetch: played.fetch, clock: played });
    played.after(10, () => void client.close());
    expect(await played.run(failureOf(take(client.watch(), 1)))).toBeInstanceOf(ClosedError);

    for (const [asked] of [closed.played.asked, cut.played.asked, played.asked])
      expect(asked?.signal?.aborted).toBe(true);
    expect([closed.played, cut.played, played].map(({ timerCount }) => timerCount)).toEqual([
      0, 0, 0,
    ]);
  });
});

describe('a stream of events', () => {
  const text = `${progress(1)}: nothing\n\n${changes(2, 'ключ 😀')}event: odd\r\ndata: 1\r\ndata:2\r\n\r\nid: 7\n\n`;
  const expected = [
    { event: 'progress', data: JSON.stringify({ through: 1 }) },
    {
      event: 'changes',
      data: changes(2, 'ключ 😀').split('data: ')[1]?.trim(),
    },
    { event: 'odd', data: '1\n2' },
  ];

  test('[L17] is the same in whatever pieces it comes', () => {
    for (let size = 1; size <= text.length; size++) {
      const parser = new EventParser();
      const events = [];
      for (let at = 0; at < text.length; at += size)
        events.push(...parser.push(text.slice(at, at + size)));
      expect(events).toEqual(expected);
    }
  });

  test('[L17] with a change of many pieces is read in one go', async () => {
    const long = 'я'.repeat(100_000);
    const bytes = new TextEncoder().encode(progress(3) + changes(4, long));
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += 1001) pieces.push(bytes.slice(at, at + 1001));
    const played = new Played(
      () =>
        new Response(
          new ReadableStream<Uint8Array>({
            pull: (controller) => {
              const piece = pieces.shift();
              if (piece !== undefined) controller.enqueue(piece);
            },
          }),
        ),
    );
    const client = connect({ url: 'http://one', fetch: played.fetch, clock: played });
    const batches = client.watch({ after: 3 })[Symbol.asyncIterator]();
    const { value } = await played.run(batches.next());
    expect((value as BatchView).changes[0]?.value).toBe(long);
    await batches.return();
  });
});
