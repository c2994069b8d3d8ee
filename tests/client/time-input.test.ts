import { describe, expect, test } from 'vitest';
import {
  formatClock,
  formatNear,
  formatTimestamp,
  parseAsOf,
  parseInstant,
  parseSpan,
  writeAsOf,
} from '../../client/time-input.ts';

const NOW = Date.UTC(2026, 10, 21, 14, 3, 22, 118);
const DAY = Date.UTC(2026, 10, 21);

describe('the grammar of "As of"', () => {
  test.each([
    ['', {}],
    ['  now ', {}],
    ['NOW', {}],
    ['1500', { at: 1500 }],
    ['0', { at: 0 }],
    ['1795240999107', { at: 1_795_240_999_107 }],
    ['-5m', { at: NOW - 300_000 }],
    ['5m ago', { at: NOW - 300_000 }],
    ['1.5 h ago', { at: NOW - 5_400_000 }],
    ['- 90 s', { at: NOW - 90_000 }],
    ['-250ms', { at: NOW - 250 }],
    ['-1.5h', { at: NOW - 5_400_000 }],
    ['−2d', { at: NOW - 172_800_000 }],
    ['+1h', { at: NOW + 3_600_000 }],
    ['rev 57', { asOf: 57 }],
    ['rev57', { asOf: 57 }],
    ['r 57', { asOf: 57 }],
    ['Revision #57', { asOf: 57 }],
    ['1500 rev 57', { at: 1500, asOf: 57 }],
    ['now rev 57', { asOf: 57 }],
    ['-5m r57', { at: NOW - 300_000, asOf: 57 }],
    ['2026-11-21', { at: DAY }],
    ['2026-11-21T14:03:22.118Z', { at: NOW }],
    ['2026-11-21 14:03:22.118 UTC', { at: NOW }],
    ['2026-11-21 14:03:22.118', { at: NOW }],
    ['2026-11-21 14:03:22,118999', { at: NOW }],
    ['2026-11-21 16:03:22.118+02:00', { at: NOW }],
    ['2026-11-21 09:33:22.118 -0430', { at: NOW }],
    ['2026-11-21 00:30 +01:00', { at: DAY - 1_800_000 }],
    ['2024-02-29', { at: Date.UTC(2024, 1, 29) }],
    ['14:03', { at: DAY + 50_580_000 }],
    ['9:03:05 rev 3', { at: DAY + 32_585_000, asOf: 3 }],
    ['9999-12-31 23:59:59.999', { at: 253_402_300_799_999 }],
  ])('[U31] "%s" is understood', (text, coordinates) => {
    expect(parseAsOf(text, NOW)).toEqual({ ok: true, coordinates });
  });

  test.each([
    'yesterday',
    '5m',
    '-5',
    '-5 parsecs',
    '1e3',
    '1.5',
    'rev',
    'rev -1',
    '57 rev',
    '2026-02-30',
    '2026-13-01',
    '2026-11-21 24:00',
    '2026-11-21 12:60',
    '2026-11-21 12',
    '21.11.2026',
    '1969-12-31',
    '-60000000h',
    '253402300800000',
    '99999999999999999999',
    'rev 99999999999999999999',
    '14:03 CET',
  ])('[U31] "%s" is refused in words', (text) => {
    const parsed = parseAsOf(text, NOW);
    expect(parsed).toMatchObject({ ok: false });
    expect(parsed.ok || parsed.message).toMatch(/^[A-Z].+/);
  });

  test('[U31] a time alone takes no revision', () => {
    expect(parseInstant('1500', NOW)).toEqual({ ok: true, at: 1500 });
    expect(parseInstant('', NOW)).toEqual({ ok: true, at: undefined });
    expect(parseInstant('rev 5', NOW)).toMatchObject({ ok: false });
  });
});

describe('spans', () => {
  test.each([
    ['', undefined],
    ['1500', 1500],
    ['5s', 5000],
    [' 250 ms ', 250],
    ['1.5h', 5_400_000],
  ])('[U31] the span "%s" is understood', (text, ms) => {
    expect(parseSpan(text)).toEqual({ ms });
  });

  test.each(['0', '-5s', '0.5ms', 'soon', '5 weeks', '9999999999999d'])(
    '[U31] the span "%s" is refused',
    (text) => {
      expect(parseSpan(text)).toBeNull();
    },
  );
});

describe('how times are shown', () => {
  test('[U32] dates name their zone, and logical numbers stay numbers', () => {
    expect(formatTimestamp(NOW)).toBe('2026-11-21 14:03:22.118 UTC');
    expect(formatTimestamp(1500)).toBe('1500');
    expect(formatClock(NOW)).toBe('14:03:22.118');
    expect(formatClock(7)).toBe('7');
    expect(formatNear(NOW, NOW + 5)).toBe('14:03:22.118 UTC');
    expect(formatNear(NOW, NOW + 86_400_000)).toBe('2026-11-21 14:03:22.118 UTC');
    expect(formatNear(1500, 1600)).toBe('1500');
  });

  test.each([
    {},
    { at: 1500 },
    { at: NOW },
    { asOf: 57 },
    { at: 999_999_999_999, asOf: 0 },
    { at: 253_402_300_799_999, asOf: 12 },
  ])('[U32] what is shown can be typed back: %o', (coordinates) => {
    expect(parseAsOf(writeAsOf(coordinates), 0)).toEqual({ ok: true, coordinates });
  });
});
