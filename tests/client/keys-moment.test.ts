import { describe, expect, test } from 'vitest';
import { readMoment, stepTo, writeMoment } from '../../client/keys-moment.ts';
import type { Moment } from '../../client/keys-moment.ts';

const NOTHING: Moment = { prefix: '', key: null, field: null, time: {}, against: null };
const NOW = 1_795_240_000_000;

describe('the address of a moment', () => {
  test.each<[string, Moment]>([
    ['', NOTHING],
    ['prefix=a%26b', { ...NOTHING, prefix: 'a&b' }],
    ['key=%C3%BC%2F%3F&field=+x', { ...NOTHING, key: 'ü/?', field: ' x' }],
    ['key=a&time=1500', { ...NOTHING, key: 'a', time: { at: 1500 } }],
    ['time=0+rev+7', { ...NOTHING, time: { at: 0, asOf: 7 } }],
    ['time=rev+7&compare=now', { ...NOTHING, time: { asOf: 7 }, against: {} }],
    ['compare=1795240000000', { ...NOTHING, against: { at: NOW } }],
  ])('[U48] "%s" is written and read back', (query, moment) => {
    expect(readMoment(query, NOW)).toEqual(moment);
    expect(writeMoment(moment)).toBe(query);
  });

  test('[U48] other parameters stay, what is not understood is left out', () => {
    expect(writeMoment({ ...NOTHING, prefix: 'p' }, 'motion=off&key=a&time=5')).toBe(
      'motion=off&prefix=p',
    );
    expect(readMoment('time=yesterday&compare=tomorrow&field=f&key=', NOW)).toEqual(NOTHING);
    expect(readMoment('time=-1s', NOW).time).toEqual({ at: NOW - 1000 });
  });

  test('[U50] a step in time keeps the revision that is looked at, except to now', () => {
    expect(stepTo({ at: 5 }, { at: 9 })).toEqual({ at: 9 });
    expect(stepTo({ asOf: 7 }, { at: 9 })).toEqual({ at: 9, asOf: 7 });
    expect(stepTo({ at: 5, asOf: 7 }, { at: 9, asOf: 3 })).toEqual({ at: 9, asOf: 3 });
    expect(stepTo({ at: 5, asOf: 7 }, {})).toEqual({});
  });
});
