/** What is judged as it goes: nothing is judged too early, and what comes too late is found out. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Books } from '../../torture/books.ts';
import type { FromClient, Seen, Told } from '../../torture/events.ts';

const KEY = 't/3/register-0';
const KEPT = new Map([[KEY, [{ revision: 5, value: 'a' }]]]);
const SEEN: Seen = { revision: 5, key: KEY, value: 'a' };

function set(key: string, callMs: number, revision: number, value = 'a'): FromClient {
  const times = { callMs, returnedMs: callMs + 1 };
  const told: Told = {
    ...times,
    op: 'set',
    client: 'p',
    key,
    value,
    existed: null,
    outcome: 'ok',
    revision,
  };
  return { type: 'told', told };
}

const closed = (epoch: number): FromClient => ({ type: 'closed', epoch });
const seen = (...changes: readonly Seen[]): FromClient => ({ type: 'seen', seen: changes });

describe('books', () => {
  let books: Books;
  const all = (message: FromClient): void => {
    for (const name of ['p', 'q']) books.note(name, message);
  };
  beforeEach(() => {
    books = new Books(['p', 'q']);
    books.note('p', set(KEY, 0, 5));
    all(seen(SEEN));
  });

  it('[X34] an epoch is closed once every client has said so, the oldest first', () => {
    expect(books.closed).toBeNull();
    books.note('p', closed(4));
    expect(books.closed).toBeNull();
    books.note('p', set('t/4/register-0', 2, 6));
    books.note('q', closed(3));
    expect(books.closed).toMatchObject({ epoch: 3 });
    books.judge(3, KEPT);
    expect(books.closed).toBeNull();
    books.note('q', closed(Infinity));
    expect(books.closed).toMatchObject({ epoch: 4 });
    expect(books.complaints).toEqual([]);
    expect(books.counts).toMatchObject({ epochs: 1, acknowledged: 1, linearizable: 1, watched: 1 });
  });

  it('[X34] how far the watches have come is how far the last of them has', () => {
    books.note('p', seen({ revision: 9, key: 't/4/register-0', value: 'b' }));
    expect(books.watchedTo).toBe(5);
  });

  it('[X34] a change that is told after its epoch was judged is found out', () => {
    all(closed(3));
    books.judge(3, KEPT);
    books.note('q', seen({ revision: 8, key: KEY, value: 'late' }));
    expect(books.complaints.join('\n')).toMatch(/register-0: something was told .* judged/);
  });

  it('[X34] the order is checked across epochs', () => {
    all(closed(3));
    books.judge(3, KEPT);
    const next = 't/4/register-0';
    books.note('p', set(next, 10, 4));
    all(seen());
    all(closed(4));
    books.judge(4, new Map([[next, [{ revision: 4, value: 'a' }]]]));
    expect(books.complaints.join('\n')).toMatch(/at 4, though .* had returned at 5/);
  });

  it('[X34] what is out of order is said once, with the epoch that it is of', () => {
    books.note('p', set(KEY, 10, 4, 'b'));
    all(closed(3));
    books.judge(
      3,
      new Map([
        [
          KEY,
          [
            { revision: 4, value: 'b' },
            { revision: 5, value: 'a' },
          ],
        ],
      ]),
    );
    const found = [...books.complaints];
    expect(found.join('\n')).toMatch(/at 4, though .* had returned at 5/);
    all(closed(4));
    books.note('p', set('t/4/register-0', 20, 9));
    all(seen({ revision: 9, key: 't/4/register-0', value: 'a' }));
    books.judge(4, new Map([['t/4/register-0', [{ revision: 9, value: 'a' }]]]));
    expect(books.complaints).toEqual(found);
  });

  it('[X34] what was read of the past had stood there', () => {
    const looked = { client: 'p', key: KEY, revision: 6 };
    books.note('p', { type: 'looked', looked: { ...looked, found: 'a' } });
    books.note('p', { type: 'looked', looked: { ...looked, revision: 4, found: null } });
    all(closed(3));
    books.judge(3, KEPT);
    expect(books.complaints).toEqual([]);
    books = new Books(['p', 'q']);
    books.note('p', set(KEY, 0, 5));
    books.note('p', { type: 'looked', looked: { ...looked, found: 'b' } });
    all(seen(SEEN));
    all(closed(3));
    books.judge(3, KEPT);
    expect(books.complaints).toEqual([
      'p past t/3/register-0: answered "b" as of 6, where "a" stood',
    ]);
  });

  it('[X34] a revision that was told and is there no more is found out', () => {
    books.note('p', { type: 'lost', lost: { client: 'p.1', key: KEY, revision: 9 } });
    books.note('q', { type: 'broken', error: 'RevisionNotYetError: the latest is 8' });
    expect(books.complaints).toEqual([
      'p.1 past t/3/register-0: revision 9, once told, is lost',
      'q was told what cannot be: RevisionNotYetError: the latest is 8',
    ]);
  });

  it.each([
    ['is right', { revision: 7, key: KEY, value: null }, 7, []],
    ['goes by what was told, where nobody knows', { revision: 7, key: KEY, value: null }, null, []],
    [
      'is at another revision',
      { revision: 8, key: KEY, value: null },
      7,
      [/deleted at 7, told was 8/],
    ],
    ['was never told', null, 7, [/told was nothing/]],
  ] as const)('[X34] the deletion that ends a key %s', (_what, told, revision, complaints) => {
    all(closed(3));
    books.judge(3, KEPT);
    books.noteDeleted(new Map([[KEY, revision]]));
    books.note('p', seen({ revision: revision ?? 7, key: KEY, value: null }));
    if (told !== null) books.note('q', seen(told));
    books.finish();
    expect(books.complaints).toEqual(complaints.map((words) => expect.stringMatching(words)));
  });

  it('[X34] a deletion that is told twice, or that nobody asked for, is found out', () => {
    all(closed(3));
    books.judge(3, KEPT);
    const gone = { revision: 7, key: KEY, value: null };
    books.note('p', seen(gone, gone));
    books.finish();
    expect(books.complaints).toEqual([
      expect.stringMatching(/told twice/),
      expect.stringMatching(/nobody deleted/),
    ]);
  });

  it('[X34] a change that is told out of order, and an epoch that is never closed, are found out', () => {
    books.note('q', seen({ ...SEEN, revision: 4 }));
    books.finish();
    expect(books.complaints).toEqual([
      'the watch of q: 4 was told after 5',
      expect.stringMatching(/epoch 3 was never closed/),
    ]);
  });
});
