'use client';

import type { NodeStep, Trace } from '../../client/message-trace.ts';
import { END_WORDS, stepWords } from '../../client/trace-words.ts';

/** Rows drawn: of more, the newest. */
const MOST_ROWS = 400;

interface TraceTableProps {
  readonly trace: Trace;
  readonly heartbeats: boolean;
}

/** The diagram in words: what each node did, causes before what came of them, newest last. */
export function TraceTable({ trace, heartbeats }: TraceTableProps) {
  const messages = new Map(trace.messages.map((message) => [message.sent.id, message]));
  const isBeat = (event: NodeStep['event']): boolean => {
    if (event.type === 'mark') return false;
    const type = messages.get(event.id)?.sent.message;
    return type === 'Heartbeat' || type === 'HeartbeatResponse';
  };
  const rows = trace.steps.filter(({ event }) => heartbeats || !isBeat(event)).slice(-MOST_ROWS);
  return (
    <div
      role="region"
      aria-label="Message trace as a table"
      tabIndex={0}
      className="max-h-[55dvh] overflow-auto rounded-lg border border-line"
    >
      <table className="w-full text-[13px]" data-testid="trace-table">
        <thead className="sticky top-0 bg-surface text-left text-quiet">
          <tr>
            <th scope="col" className="p-2 font-medium">
              Cluster time
            </th>
            <th scope="col" className="p-2 font-medium">
              Node
            </th>
            <th scope="col" className="p-2 font-medium">
              What it did
            </th>
            <th scope="col" className="p-2 font-medium">
              Vector clock
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ event, clock }) => {
            const end = event.type === 'sent' ? messages.get(event.id)?.end : undefined;
            const isLost = end !== undefined && end !== 'arrived';
            return (
              <tr key={event.seq} className="border-t border-line align-top">
                <td className="p-2 font-mono whitespace-nowrap">{event.clusterMs.toFixed(1)} ms</td>
                <td className="p-2 font-mono">{event.node}</td>
                <td className="p-2 wrap-anywhere">
                  {stepWords(event)}
                  {event.type === 'received' && kindOf(messages.get(event.id)?.sent.message)}
                  {isLost && <strong>, {END_WORDS[end]}</strong>}
                </td>
                <td className="p-2 font-mono text-quiet">
                  {trace.nodes.map((node) => clock[node] ?? 0).join(' ')}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function kindOf(message: string | undefined): string {
  return message === undefined ? '' : ` (${message})`;
}
