/** `status` and `top`: the cluster in a few lines, once or for as long as one looks. */
import { alertsOf } from '../../client/alerts.ts';
import type { LiveState } from '../../client/live-store.ts';
import { headlineOf } from '../../client/verdict.ts';
import type { Verdict } from '../../client/verdict.ts';
import type { ClusterView } from '../../contracts/view.ts';
import type { Call } from '../call.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { write } from '../io.ts';
import type { Io } from '../io.ts';
import { frameOf } from '../top/frame.ts';
import { Screen } from '../top/screen.ts';

/** Of a terminal that does not tell its size, or a pipe. */
const COLUMNS = 80;
const ROWS = 24;
/** Between two frames, ms. */
const FRAME_EVERY_MS = 100;
/** q, Ctrl-C, Ctrl-D. */
const ENDS = ['q', 'Q', '\u0003', '\u0004'] as const;

const status: Command = {
  name: 'status',
  summary: 'Who leads, whether writes commit, and how much more may be lost',
  about: [
    'The exit code is 0 while writes commit, 4 while there is no leader or no quorum, and 1 where something is broken that must never be.',
  ],
  arguments: [],
  options: [],
  examples: [
    { line: 'chronoraft status', about: 'one sentence, and a line for each node' },
    { line: 'chronoraft status --json', about: 'the verdict, the alerts and the whole view' },
  ],
  async run(call) {
    const view = await call.ask(call.client.cluster());
    const verdict = headlineOf(view);
    if (call.json) await call.answer({ verdict, alerts: alertsOf(view), view }, []);
    else await printFrame(call, view);
    return STATUS_EXIT[verdict.state];
  },
};

const STATUS_EXIT: Record<Verdict['state'], ExitCode> = {
  healthy: EXIT.ok,
  degraded: EXIT.ok,
  electing: EXIT.unreachable,
  'no-quorum': EXIT.unreachable,
  stopped: EXIT.unreachable,
  violated: EXIT.failed,
};

async function printFrame(call: Call, view: ClusterView): Promise<void> {
  const { stdout } = call.io;
  await call.print(
    frameOf(view, {
      columns: stdout.columns ?? COLUMNS,
      rows: null,
      color: hasColor(call.io),
      nowMs: view.atMs,
      url: call.connection.url,
      line: 'once',
      keys: null,
    }),
  );
}

const top: Command = {
  name: 'top',
  summary: 'The cluster live: roles, terms, commits, lag, rates, latency and events',
  about: [
    'q or Ctrl-C ends it. Only what changed is drawn anew. NO_COLOR is obeyed; no meaning is in colour alone. Where the output is no terminal it prints one frame and ends.',
  ],
  arguments: [],
  options: [{ name: 'once', about: 'One frame, and the end' }],
  examples: [
    { line: 'chronoraft top', about: 'live, on a terminal' },
    { line: 'chronoraft top | head -n 2', about: 'one frame: who leads, in a sentence' },
  ],
  async run(call) {
    const { stdout } = call.io;
    if (call.json || call.flag('once') || stdout.isTTY !== true) {
      const view = await call.ask(call.client.cluster());
      if (call.json) await call.answer(view, []);
      else await printFrame(call, view);
      return undefined;
    }
    return live(call);
  },
};

async function live(call: Call): Promise<undefined> {
  const { connected, follow, lineTo } = await import('../live.ts');
  const { stdin, stdout, interrupted, nowMs } = call.io;
  const socket = lineTo(call.connection);
  const screen = new Screen(stdout);
  let state: LiveState | null = null;
  let frame: ReturnType<typeof setTimeout> | null = null;
  let entered = false;
  let fail = (_error: unknown): void => {};
  const draw = (): void => {
    frame = null;
    if (state === null || state.view === null || !entered) return;
    try {
      drawView(state, state.view);
    } catch (error) {
      // Told on the terminal as it was found.
      fail(error);
    }
  };
  const drawView = (now: LiveState, view: ClusterView): void => {
    screen.draw(
      frameOf(view, {
        columns: stdout.columns ?? COLUMNS,
        rows: stdout.rows ?? ROWS,
        color: hasColor(call.io),
        nowMs: nowMs() + now.serverOffsetMs,
        url: call.connection.url,
        line: now.conn,
        keys: 'q quits',
      }),
    );
  };
  const stop = follow(socket, (next) => {
    state = next;
    frame ??= setTimeout(draw, FRAME_EVERY_MS);
  });
  const resized = (): void => {
    screen.clear();
    draw();
  };
  let onKey = (_keys: { toString(): string }): void => {};
  try {
    const { dismissed } = await connected(socket, call.connection, call.timeoutMs);
    entered = true;
    screen.enter();
    stdout.on('resize', resized);
    await new Promise<void>((resolve, reject) => {
      fail = reject;
      dismissed.catch(reject);
      interrupted.addEventListener('abort', () => resolve(), { once: true });
      if (interrupted.aborted) resolve();
      if (stdin.isTTY !== true) return;
      onKey = (keys) => {
        // In this mode Ctrl-C is a key like any other.
        const text = keys.toString();
        if (ENDS.some((key) => text.includes(key))) resolve();
      };
      stdin.setRawMode?.(true);
      stdin.on('data', onKey);
      stdin.resume();
    });
    return undefined;
  } finally {
    stop();
    if (frame !== null) clearTimeout(frame);
    socket.disconnect();
    stdout.off('resize', resized);
    if (stdin.isTTY === true && entered) {
      stdin.off('data', onKey);
      stdin.setRawMode?.(false);
      stdin.pause();
    }
    if (entered) screen.leave();
    await write(stdout, '');
  }
}

/** https://no-color.org, and terminals that have none. */
function hasColor({ stdout, env }: Io): boolean {
  return stdout.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}

export const VIEWS: readonly Command[] = [status, top];
