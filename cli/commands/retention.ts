/** `retention`: how much of the past is kept. */
import { formatDuration } from '../../client/duration.ts';
import { formatTimestamp } from '../../client/time-input.ts';
import { LIMITS } from '../../contracts/kv.ts';
import type { RetentionAnswer } from '../../contracts/retention.ts';
import type { Command } from '../command.ts';

const get: Command = {
  name: 'retention get',
  summary: 'How much of the past is kept',
  arguments: [],
  options: [],
  examples: [{ line: 'chronoraft retention get', about: 'the policy, and what is forgotten' }],
  async run(call) {
    const answer = await call.ask(call.client.retention());
    await call.answer(answer, linesOf(answer));
    return undefined;
  },
};

const set: Command = {
  name: 'retention set',
  summary: 'Say how much of the past is kept; what is beyond it is forgotten for good',
  about: ['What is left out stays as it is. The present is never forgotten.'],
  arguments: [],
  options: [
    { name: 'max-age', value: 'TIME', about: 'How far back one can ask: 12h, 7d, or forever' },
    { name: 'max-versions', value: 'N', about: 'Versions of a field that stay: 1 to 1000, or all' },
  ],
  examples: [
    { line: 'chronoraft retention set --max-age 7d', about: 'a week of the past' },
    { line: 'chronoraft retention set --max-age forever --max-versions all', about: 'everything' },
  ],
  async run(call) {
    const [age, versions] = [call.text('max-age'), call.text('max-versions')];
    if (age === undefined && versions === undefined)
      call.refuse('retention set needs --max-age or --max-versions');
    const maxAgeMs = age === 'forever' ? null : call.span('max-age');
    const maxVersions =
      versions === 'all' ? null : call.whole('max-versions', 1, LIMITS.keptVersions);
    const now = await call.ask(call.client.retention());
    const policy = {
      maxAgeMs: maxAgeMs === undefined ? now.maxAgeMs : maxAgeMs,
      maxVersions: maxVersions === undefined ? now.maxVersions : maxVersions,
    };
    const answer = await call.ask(call.client.setRetention(policy));
    await call.answer(answer, linesOf(answer));
    return undefined;
  },
};

function linesOf({ maxAgeMs, maxVersions, horizon }: RetentionAnswer): string[] {
  return [
    `age\t${maxAgeMs === null ? 'forever' : formatDuration(maxAgeMs)}`,
    `versions\t${maxVersions ?? 'all'}`,
    horizon === null
      ? 'nothing is forgotten for its age'
      : `forgotten\tbefore ${formatTimestamp(horizon.timestamp)}, and what was known before revision ${horizon.revision}`,
  ];
}

export const RETENTIONS: readonly Command[] = [get, set];
