/**
 * The program of one build: runs seeds from the first named to the last until
 * a run breaks a rule, and prints one line of JSON, a {@link Hunt}.
 */
import { runSeed } from '../run.ts';

interface Hunt {
  /** Null when every run was clean. */
  readonly seed: number | null;
  /** Simulated in all, the run that broke a rule included. */
  readonly virtualMs: number;
  /** First line of the complaint; empty when there is none. */
  readonly complaint: string;
}

function hunt(from: number, to: number): Hunt {
  let virtualMs = 0;
  for (let seed = from; seed <= to; seed++) {
    let reachedMs = 0;
    try {
      runSeed({ seed, onEnd: ({ atMs }) => (reachedMs = atMs) });
    } catch (error) {
      const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      const [complaint = ''] = text.replace(/:\n/, ': ').split('\n');
      return { seed, virtualMs: virtualMs + reachedMs, complaint };
    }
    virtualMs += reachedMs;
  }
  return { seed: null, virtualMs, complaint: '' };
}

const [from, to] = process.argv.slice(2).map(Number);
process.stdout.write(`${JSON.stringify(hunt(from ?? 1, to ?? 1))}\n`);
