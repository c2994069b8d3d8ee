/** What a leader answers to a change of members, and what the view shows meanwhile, decide whether to ask again. */
import { describe, expect, it } from 'vitest';
import type { Proposed } from '../../server/node/control.ts';
import { AskedChange } from '../../server/cluster/asked-change.ts';

const APPLIED: Proposed = {
  outcome: 'applied',
  index: 7,
  term: 2,
  result: {
    ok: true,
    revision: null,
    timestamp: 1,
    stamp: 1,
    outcome: { op: 'set', existed: false },
  },
};
const UNKNOWN: Proposed = { outcome: 'unknown', leaderHint: null };
const SHOWN = (): boolean => false;
const NOT_SHOWN = (): boolean => true;

function dropped(
  reason: 'bad-change' | 'change-pending' | 'not-leader',
  detail?: string,
): Proposed {
  return { outcome: 'dropped', reason, leaderHint: null, ...(detail !== undefined && { detail }) };
}

describe('a change of members that was asked for', () => {
  it('[K15] is not asked for again once it is made, though the view does not show it yet', () => {
    const asked = new AskedChange();
    expect(asked.mayAskAgain(NOT_SHOWN)).toBe(true);
    expect(asked.hear(APPLIED)).toBe('go-on');
    expect(asked.mayAskAgain(NOT_SHOWN)).toBe(false);
    expect(asked.failure.code).toBe('OUTCOME_UNKNOWN');
  });

  it('[K15] is asked for again when its answer was lost and a leader has settled without it', () => {
    const asked = new AskedChange();
    asked.hear(UNKNOWN);
    expect(asked.mayAskAgain(SHOWN)).toBe(false);
    expect(asked.mayAskAgain(NOT_SHOWN)).toBe(true);
  });

  it('[K15] is not refused for being made already, when an answer was lost', () => {
    const asked = new AskedChange();
    asked.hear(UNKNOWN);
    expect(asked.mayAskAgain(NOT_SHOWN)).toBe(true);
    expect(asked.hear(dropped('bad-change', 'n4 is a voter already'))).toBe('go-on');
    expect(asked.failure.code).toBe('OUTCOME_UNKNOWN');
  });

  it('[K18] is refused at once when it does not fit, and later for what stood in the way', () => {
    const unfit = new AskedChange();
    expect(unfit.hear(dropped('bad-change', 'n9 is no member'))).toBe('refused');
    expect(unfit.failure).toEqual({
      ok: false,
      code: 'CHANGE_REFUSED',
      message: 'n9 is no member',
    });
    const waiting = new AskedChange();
    expect(waiting.hear(dropped('change-pending'))).toBe('go-on');
    expect(waiting.hear(dropped('not-leader'))).toBe('go-on');
    expect(waiting.mayAskAgain(SHOWN)).toBe(true);
    expect(waiting.failure).toMatchObject({
      code: 'CHANGE_REFUSED',
      message: 'another change is not committed yet',
    });
  });
});
