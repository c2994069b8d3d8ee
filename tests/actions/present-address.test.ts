/** The presentation in the address. */
import { expect, test } from 'vitest';
import {
  SHOWS,
  readPresent,
  stepShow,
  writePresent,
} from '../../components/present/present-address.ts';

test('[U109] every state of the presentation comes back from its address, with what else is in it', () => {
  for (const show of [...SHOWS, null]) {
    for (const paper of ['light', 'dark'] as const) {
      const query = writePresent({ show, paper }, 'motion=off&show=x');
      expect(new URLSearchParams(query).get('motion')).toBe('off');
      const read = readPresent(new URLSearchParams(query));
      expect(read).toEqual({ show, paper: show === null ? 'light' : paper });
    }
  }
  expect(writePresent({ show: 'both', paper: 'light' }, '')).toBe('present=1');
});

test('[U109] without present=1 there is none; what is not understood is the beginning', () => {
  expect(readPresent(new URLSearchParams('show=log')).show).toBeNull();
  expect(readPresent(new URLSearchParams('present=1&show=moon')).show).toBe('both');
});

test('[U109] a remote control steps through all parts, either way round', () => {
  expect(SHOWS.map((show) => stepShow(show, 1))).toEqual(['stage', 'log', 'both']);
  expect(SHOWS.map((show) => stepShow(show, -1))).toEqual(['log', 'both', 'stage']);
});
