'use client';

import { useEffect, useMemo, useState } from 'react';
import { shivizLog, traceJson } from '../../client/trace-export.ts';
import { isHeartbeat, MOST_ARROWS } from '../../client/trace-drawing.ts';
import { traceOf } from '../../client/message-trace.ts';
import type { TraceAnswer } from '../../contracts/trace.ts';
import { useViewingState } from '../live/live-provider.tsx';
import { Button } from '../ui/button.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { TraceDiagram } from './trace-diagram.tsx';
import { useTraceChoice } from './trace-choice.ts';
import { TraceTable } from './trace-table.tsx';
import { useTrace } from './use-trace.ts';

/** What nodes did and said to each other while the cluster was slowed: which came of which. */
export function TraceSheet() {
  const { isOpen, show } = useTraceChoice();
  // A page that is left takes it along.
  useEffect(() => () => show(false), [show]);
  return (
    <Sheet title="Message trace" open={isOpen} wide onClose={() => show(false)}>
      <NotThatMoment />
      <OpenTrace />
    </Sheet>
  );
}

/** A recording holds what nodes were, not what they said. */
function NotThatMoment() {
  const mode = useViewingState((state) => state.mode);
  if (mode === 'live') return null;
  return (
    <p
      data-testid="trace-not-then"
      className="max-w-prose rounded-lg border border-line-strong px-3 py-2 text-sm"
    >
      The page looks back, this does not: messages are not recorded, so these are the cluster&#39;s
      newest. To see messages, go back to live and slow the cluster; to keep them, save the trace.
    </p>
  );
}

function OpenTrace() {
  const [isHeld, setIsHeld] = useState(false);
  const { answer, isSilent } = useTrace(isHeld);
  if (answer === null)
    return <p role="status">{isSilent ? 'The server did not answer' : 'Asking the server…'}</p>;
  if (answer.stretch === 0)
    return (
      <p data-testid="trace-empty" className="max-w-prose">
        The cluster has not been slowed since the server started. Choose a speed below 1x, or Pause:
        from then on every message between nodes is drawn here, with what came of it.
      </p>
    );
  return (
    <LookedTrace
      answer={answer}
      isSilent={isSilent}
      isHeld={isHeld}
      onHold={() => setIsHeld(!isHeld)}
    />
  );
}

interface LookedTraceProps {
  readonly answer: TraceAnswer;
  readonly isSilent: boolean;
  readonly isHeld: boolean;
  onHold(): void;
}

function LookedTrace({ answer, isSilent, isHeld, onHold }: LookedTraceProps) {
  const [asTable, setAsTable] = useState(false);
  const [heartbeats, setHeartbeats] = useState(false);
  const trace = useMemo(() => traceOf(answer.events), [answer]);
  const count = trace.messages.length;
  const beats = trace.messages.filter(isHeartbeat).length;
  const name = `chronoraft-trace-${answer.stretch}`;
  return (
    <div
      data-testid="trace"
      data-stretch={answer.stretch}
      data-messages={count}
      className="flex min-w-0 flex-col gap-3"
    >
      <p role="status" className="text-sm text-quiet">
        {answer.isOpen
          ? isHeld
            ? 'Held still; the cluster goes on, slowed.'
            : 'The cluster is slowed: this goes on.'
          : 'The cluster is back at full speed: this is what was said while it was slowed.'}{' '}
        {count.toLocaleString('en')} {count === 1 ? 'message' : 'messages'}, {beats} of them
        heartbeats
        {answer.forgotten > 0 && `; the oldest ${answer.forgotten} events are no longer kept`}
        {count - (heartbeats ? 0 : beats) > MOST_ARROWS &&
          `; the newest ${MOST_ARROWS} are drawn, a file has all`}
        .{isSilent && ' The server does not answer now.'}
      </p>
      <div className="flex flex-wrap items-center gap-2">
        <Button aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          {asTable ? 'As a diagram' : 'As a table'}
        </Button>
        <Button
          aria-pressed={heartbeats}
          title="Messages that only say that the leader is there"
          onClick={() => setHeartbeats(!heartbeats)}
        >
          {heartbeats ? 'Hide heartbeats' : 'Show heartbeats'}
        </Button>
        {answer.isOpen && (
          <Button aria-pressed={isHeld} onClick={onHold}>
            {isHeld ? 'Go on' : 'Hold still'}
          </Button>
        )}
        <span className="flex-1" />
        <Button
          title="For shiviz: events with vector clocks, and how to read them in the first line"
          onClick={() => save(`${name}.log`, 'text/plain', shivizLog(trace))}
        >
          Save for ShiViz
        </Button>
        <Button
          title="Everything, with vector clocks"
          onClick={() => save(`${name}.json`, 'application/json', traceJson(answer, trace))}
        >
          Save as JSON
        </Button>
      </div>
      {asTable ? (
        <TraceTable trace={trace} heartbeats={heartbeats} />
      ) : (
        <TraceDiagram trace={trace} heartbeats={heartbeats} />
      )}
    </div>
  );
}

function save(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
