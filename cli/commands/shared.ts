/** Arguments and options that several commands take. */
import type { Argument, Option } from '../command.ts';

export const KEY: Argument = { name: 'KEY', need: 'one', about: 'The record' };
export const FIELD: Argument = { name: 'FIELD', need: 'one', about: 'Its field' };

export const AT: Option = {
  name: 'at',
  value: 'TIME',
  about: 'As it was at a time: "5m ago", -90s, 14:03, an ISO date, or milliseconds',
};
export const AS_OF: Option = {
  name: 'as-of',
  value: 'REV',
  about: 'As the cluster knew it at a revision (57), or at a time',
};
export const LOCAL: Option = {
  name: 'local',
  value: 'NODE',
  about: 'What this node alone has applied; it may be behind',
};
export const TIMESTAMP: Option = {
  name: 'timestamp',
  value: 'TIME',
  about: 'From when on it holds; the present unless said',
};
export const TTL: Option = { name: 'ttl', value: 'TIME', about: 'How long it holds: 30s, 12h, 7d' };
export const LIMIT: Option = { name: 'limit', value: 'N', about: 'At most so many' };
