/** What a run found, in lines for a person. */
import type { Findings } from './run.ts';

const MOST_COMPLAINTS = 20;

export function report(findings: Findings): readonly string[] {
  const { told, complaints, kills, blows, keys, startsMs, residentMb, watched } = findings;
  const writes = told.filter(({ op }) => op !== 'read');
  const count = (outcome: string): number =>
    writes.filter((write) => write.outcome === outcome).length;
  const seconds = findings.tookMs / 1000;
  const blowText = Object.entries(blows).map(([blow, times]) => `${blow} ${times}`);
  return [
    `${kills} kills of the whole server in ${seconds.toFixed(0)} s; blows against single nodes: ${blowText.join(', ') || 'none'}`,
    `${writes.length} writes: ${count('ok')} acknowledged, ${count('failed')} surely not done, ${count('unknown')} unknown; ${told.length - writes.length} reads`,
    `${keys.length} keys judged by search: ${keys.filter(({ verdict }) => verdict === 'linearizable').length} linearizable`,
    `each watch told of ${watched} changes or more`,
    `starts: median ${middle(startsMs).toFixed(0)} ms, longest ${Math.max(...startsMs).toFixed(0)} ms; memory ${Math.max(...residentMb).toFixed(0)} MiB at most; databases ${(findings.databaseBytes / 2 ** 20).toFixed(1)} MiB`,
    complaints.length === 0
      ? 'nothing lost, nothing done twice, nothing out of order'
      : `${complaints.length} FINDINGS`,
    ...complaints.slice(0, MOST_COMPLAINTS).map((complaint) => `  ${complaint}`),
  ];
}

function middle(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}
