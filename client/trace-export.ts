/** A trace as files: the log that ShiViz draws, and JSON with everything. */
import type { TraceAnswer } from '../contracts/trace.ts';
import type { NodeStep, Trace, VectorClock } from './message-trace.ts';
import { stepWords } from './trace-words.ts';

/**
 * How ShiViz reads an event: its two lines, with the groups that ShiViz asks for by name.
 * `time` is shown beside the event.
 */
const PARSER = String.raw`(?<time>\d+\.\d) ms (?<event>.*)\n(?<host>\S+) (?<clock>\{.*\})`;

/**
 * As ShiViz takes a file: the regular expression of its events on the first line, what parts one
 * execution from the next on the second (nothing: there is one), and then the events. Each node
 * counts its own from 1, without a gap.
 */
export function shivizLog({ steps }: Trace): string {
  const events = steps.map(({ event, clock }) => {
    const time = `${event.clusterMs.toFixed(1)} ms`;
    return `${time} ${stepWords(event)}\n${event.node} ${clockText(event.node, clock)}\n`;
  });
  return [PARSER, '', ...events].join('\n');
}

/** Version 1. */
export function traceJson(answer: TraceAnswer, { nodes, steps, messages }: Trace): string {
  const { cluster, epoch, stretch, beganAtMs, forgotten } = answer;
  const whole = {
    format: 'chronoraft-trace',
    version: 1,
    cluster,
    epoch,
    stretch,
    beganAtMs,
    forgotten,
    nodes,
    steps: steps.map(({ event, clock }: NodeStep) => ({ ...event, clock })),
    messages: messages.map(({ sent, end, endMs }) => ({ id: sent.id, end, endMs })),
  };
  return `${JSON.stringify(whole, null, 1)}\n`;
}

/** Its own node first. */
function clockText(node: string, clock: VectorClock): string {
  return JSON.stringify({ [node]: clock[node], ...clock });
}
