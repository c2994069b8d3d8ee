/** What a run found, in lines for a person. */
import { middle } from './flat.ts';
import type { Sample } from './flat.ts';
import type { Findings } from './run.ts';

const MOST_COMPLAINTS = 20;
const PARTS = 10;

export function report(findings: Findings): readonly string[] {
  const { counts, complaints, kills, blows, startsMs, samples, forgotten } = findings;
  const seconds = findings.tookMs / 1000;
  const blowText = Object.entries(blows).map(([blow, times]) => `${blow} ${times}`);
  const writes = counts.acknowledged + counts.failed + counts.unknown;
  return [
    `${kills} kills of the whole server in ${seconds.toFixed(0)} s; blows against single nodes: ${blowText.join(', ') || 'none'}`,
    `${writes} writes: ${counts.acknowledged} acknowledged, ${counts.failed} surely not done, ${counts.unknown} unknown; ${counts.reads} reads, ${counts.looks} of the past`,
    `${counts.keys} keys of ${counts.epochs} epochs judged by search: ${counts.linearizable} linearizable`,
    `each watch told of ${counts.watched} changes or more; ${forgotten} places in the past rightly forgotten`,
    `starts: median ${median(startsMs).toFixed(0)} ms, longest ${Math.max(...startsMs).toFixed(0)} ms`,
    ...costs(samples),
    findings.judgedGrowth
      ? ''
      : 'too short, or too many lives, to judge whether memory and files grow',
    complaints.length === 0
      ? 'nothing lost, nothing done twice, nothing out of order'
      : `${complaints.length} FINDINGS`,
    ...complaints.slice(0, MOST_COMPLAINTS).map((complaint) => `  ${complaint}`),
  ].filter((line) => line !== '');
}

/** A line for each part of the run. */
function costs(samples: readonly Sample[]): readonly string[] {
  const size = Math.max(1, Math.ceil(samples.length / PARTS));
  const lines: string[] = [
    '     until  answers/s  memory MiB  databases MiB  write-ahead logs MiB',
  ];
  for (let from = 0; from < samples.length; from += size) {
    const part = samples.slice(from, from + size);
    const before = samples[from - 1] ?? { atMs: 0, answered: 0 };
    const last = part.at(-1) ?? { atMs: 0, answered: 0 };
    const rate = ((last.answered - before.answered) * 1000) / Math.max(1, last.atMs - before.atMs);
    lines.push(
      [
        `${(last.atMs / 60_000).toFixed(1)} min`.padStart(10),
        rate.toFixed(0).padStart(9),
        middle(part, 'residentMb').toFixed(0).padStart(10),
        middle(part, 'databaseMb').toFixed(1).padStart(13),
        middle(part, 'walMb').toFixed(1).padStart(20),
      ].join('  '),
    );
  }
  return lines;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}
