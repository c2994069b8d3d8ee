/**
 * The cluster on a terminal, as lines: a pure function of the view and the size.
 * No line is wider and no frame higher than the terminal, whatever is in it.
 */
import { alertsOf } from '../../client/alerts.ts';
import { lengthInWords } from '../../client/duration.ts';
import { feedPage } from '../../client/event-groups.ts';
import { nodeFaultWords } from '../../client/fault-words.ts';
import type { Connection as LineState } from '../../client/live-store.ts';
import { formatClock } from '../../client/time-input.ts';
import { headlineOf, standingOf } from '../../client/verdict.ts';
import type { Verdict } from '../../client/verdict.ts';
import type { ClusterView, MetricsPoint, NodeView } from '../../contracts/view.ts';
import { fit, inert, padded, widthOf } from '../text.ts';
import { sparkline } from './sparkline.ts';

export interface FrameOptions {
  readonly columns: number;
  /** Null: as high as it comes, for a pipe. */
  readonly rows: number | null;
  readonly color: boolean;
  /** Server ms. */
  readonly nowMs: number;
  readonly url: string;
  /** `once`: a single frame, that nobody renews. */
  readonly line: LineState | 'once';
  /** The last line: which keys there are; null for none. */
  readonly keys: string | null;
}

type Paint = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'reverse';

/** A line in pieces, of which each may have a colour; meaning is never in colour alone. */
type Piece = readonly [text: string, ...paints: Paint[]];
type Line = readonly Piece[];

const CODES: Record<Paint, number> = {
  bold: 1,
  dim: 2,
  reverse: 7,
  red: 31,
  green: 32,
  yellow: 33,
};

/** Beyond these nodes and alerts lines are left out, so that there is room for events. */
const MOST_ALERTS = 2;
const FEWEST_EVENTS = 3;
const NARROW = 20;

export function frameOf(view: ClusterView, options: FrameOptions): string[] {
  const { rows, keys } = options;
  const columns = Math.max(1, options.columns);
  const head = [titleLine(options, columns), verdictLine(view)];
  const alerts = alertLines(view);
  const charts = chartLines(view, columns);
  const foot: Line[] = keys === null ? [] : [[[keys, 'dim']]];
  const nodes = nodeLines(view, options.nowMs);
  // What matters least goes first where there is little room: charts, then nodes.
  const fixed = head.length + alerts.length + foot.length + nodes.length + FEWEST_EVENTS + 2;
  const hasCharts = rows === null || rows >= fixed + charts.length + 1;
  const body: Line[] = [
    ...head,
    ...alerts,
    [],
    ...nodes,
    ...(hasCharts ? [[], ...charts] : []),
    [],
  ];
  const room = rows === null ? 10 : Math.max(0, rows - body.length - foot.length);
  const events = eventLines(view, room);
  const lines = [...body, ...events];
  const kept = rows === null ? lines : lines.slice(0, Math.max(0, rows - foot.length));
  if (rows !== null && foot.length > 0) while (kept.length < rows - 1) kept.push([]);
  const all = [...kept, ...foot].slice(0, rows ?? undefined);
  return all.map((line) => painted(line, columns, options.color));
}

// --- its parts -------------------------------------------------------------------------

function titleLine({ url, nowMs, line }: FrameOptions, columns: number): Line {
  const title = `chronoraft  ${inert(url)}`;
  const clock = `${formatClock(nowMs).slice(0, 8)} UTC`;
  const state: Piece = LINE_WORDS[line];
  const gap = columns - widthOf(title) - widthOf(state[0]) - widthOf(clock) - 2;
  return [[title, 'bold'], [' '.repeat(Math.max(1, gap))], state, [`  ${clock}`, 'dim']];
}

const LINE_WORDS: Record<FrameOptions['line'], Piece> = {
  once: ['', 'dim'],
  connecting: ['connecting', 'yellow'],
  live: ['live', 'green'],
  resyncing: ['catching up', 'yellow'],
  reconnecting: ['NO CONTACT: this is old', 'red', 'bold'],
};

const VERDICT_PAINTS: Record<Verdict['state'], readonly Paint[]> = {
  healthy: ['green', 'bold'],
  degraded: ['yellow', 'bold'],
  electing: ['yellow', 'bold'],
  'no-quorum': ['red', 'bold'],
  stopped: ['red', 'bold'],
  violated: ['red', 'bold', 'reverse'],
};

function verdictLine(view: ClusterView): Line {
  const { word, sentence, state } = headlineOf(view);
  return [[`${word}: `, ...VERDICT_PAINTS[state]], [inert(sentence)]];
}

function alertLines(view: ClusterView): Line[] {
  const alerts = alertsOf(view);
  const lines = alerts
    .slice(0, MOST_ALERTS)
    .map(({ title, why }): Line => [[`! ${title}: `, 'yellow'], [inert(why)]]);
  const more = alerts.length - lines.length;
  return more > 0 ? [...lines, [[`! and ${more} more`, 'yellow']]] : lines;
}

const NODE_HEADS = ['NODE', 'ROLE', 'TERM', 'COMMIT', 'APPLIED', 'LAG', 'HEARD', 'NOTES'];
/** Right-aligned. */
const NUMBERS = new Set(['TERM', 'COMMIT', 'APPLIED', 'LAG', 'HEARD']);

function nodeLines(view: ClusterView, nowMs: number): Line[] {
  const head = Math.max(0, ...view.nodes.map(({ commitIndex }) => commitIndex));
  const rows = view.nodes.map((node) => nodeCells(view, node, head, nowMs));
  const widths = NODE_HEADS.map((name, column) =>
    Math.max(widthOf(name), ...rows.map((row) => widthOf(row[column] ?? ''))),
  );
  const laid = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        const isNumber = NUMBERS.has(NODE_HEADS[column] ?? '');
        return isNumber ? ' '.repeat(width - widthOf(cell)) + cell : padded(cell, width);
      })
      .join('  ')
      .trimEnd();
  return [
    [[laid(NODE_HEADS), 'dim']],
    ...rows.map((cells, at): Line => {
      const node = view.nodes[at];
      const paints: Paint[] =
        node === undefined || node.state !== 'serving'
          ? ['red']
          : standingOf(view, node.id) === 'agreed'
            ? ['bold']
            : [];
      return [[laid(cells), ...paints]];
    }),
  ];
}

function nodeCells(view: ClusterView, node: NodeView, head: number, nowMs: number): string[] {
  const { id, term, commitIndex, lastApplied, state } = node;
  const isUp = state === 'serving';
  const lag = isUp ? String(head - commitIndex) : '–';
  return [
    id,
    roleWord(view, node),
    String(term),
    String(commitIndex),
    String(lastApplied),
    lag,
    isUp ? heardWords(node, nowMs) : '–',
    notesOf(view, node, nowMs),
  ];
}

function roleWord(view: ClusterView, { id, state, role }: NodeView): string {
  if (state !== 'serving') return state;
  switch (standingOf(view, id)) {
    case 'agreed':
      return 'leader';
    case 'stale':
      return 'old leader';
    case 'alone':
      return 'leader alone';
    case null:
      return role === 'preCandidate' ? 'would ask' : role;
  }
}

/** How long ago the leader was heard. */
function heardWords({ role, lastHeardAtMs }: NodeView, nowMs: number): string {
  if (role === 'leader') return 'leads';
  if (lastHeardAtMs === null) return 'never';
  const agoMs = Math.max(0, nowMs - lastHeardAtMs);
  // Between two reports the age is not known more closely.
  return agoMs < 1000 ? '<1s' : `${Math.min(9999, Math.round(agoMs / 1000))}s`;
}

function notesOf(view: ClusterView, node: NodeView, nowMs: number): string {
  const { id, state, reason, faults, sinceMs } = node;
  const cutFrom = view.links.filter(({ from, cut }) => cut && from === id).map(({ to }) => to);
  return [
    ...(state === 'serving' ? [] : [downWords(reason, nowMs - sinceMs)]),
    ...(view.voters.includes(id) || view.votersOutgoing.includes(id) ? [] : ['no vote']),
    ...(cutFrom.length === 0 ? [] : [cutWords(view, cutFrom)]),
    ...nodeFaultWords(faults, nowMs).map(({ text }) => text),
  ]
    .map(inert)
    .join('; ');
}

function cutWords({ nodes }: ClusterView, from: readonly string[]): string {
  return from.length === nodes.length - 1 ? 'cut off' : `cut from ${from.join(', ')}`;
}

function downWords(reason: string | null, forMs: number): string {
  return `${reason ?? 'down'}, ${lengthInWords(Math.max(0, forMs))} ago`;
}

/** Room for a name, a figure and the figure's unit before a chart. */
const LABEL_COLUMNS = 27;

function chartLines(view: ClusterView, columns: number): Line[] {
  const points = Math.max(0, columns - LABEL_COLUMNS);
  if (points < NARROW) return [];
  const recent = view.metrics.slice(-points);
  const last = view.metrics.at(-1);
  const chart = (name: string, unit: string, of: (point: MetricsPoint) => number | null): Line => {
    const value = last === undefined ? null : of(last);
    const figure = value === null ? '–' : value < 10 ? value.toFixed(1) : value.toFixed(0);
    const label = `${padded(name, 11)}${figure.padStart(8)} ${padded(unit, 6)} `;
    return [[label], [sparkline(recent.map(of)), 'green']];
  };
  return [
    chart('writes', 'per s', (point) => point.writesPerSecond),
    chart('reads', 'per s', (point) => point.readsPerSecond),
    chart('commit p50', 'ms', (point) => point.commitP50Ms),
    chart('commit p99', 'ms', (point) => point.commitP99Ms),
  ];
}

function eventLines(view: ClusterView, room: number): Line[] {
  const { shown } = feedPage(view.events, new Set(), null, Math.max(0, room));
  return shown.map(
    ({ atMs, text }): Line => [[`${formatClock(atMs).slice(0, 8)}  `, 'dim'], [inert(text)]],
  );
}

// --- paint -------------------------------------------------------------------------------

function painted(line: Line, columns: number, color: boolean): string {
  let left = columns;
  let text = '';
  for (const [piece, ...paints] of line) {
    const part = fit(piece, left);
    left -= widthOf(part);
    text +=
      color && paints.length > 0 && part !== ''
        ? `\x1b[${paints.map((paint) => CODES[paint]).join(';')}m${part}\x1b[0m`
        : part;
    if (left === 0) break;
  }
  return color ? text : text.trimEnd();
}
