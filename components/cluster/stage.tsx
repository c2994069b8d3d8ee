'use client';

import clsx from 'clsx';
import { verdictOf } from '../../client/verdict.ts';
import type { ClusterView } from '../../contracts/view.ts';
import { useActionsDisabled, useLive } from '../live/live-provider.tsx';
import { useMotion } from '../live/live-root.tsx';
import { Button } from '../ui/button.tsx';
import { lane, placeNodes, STAGE } from './geometry.ts';
import type { Point } from './geometry.ts';
import { NodeCard } from './node-card.tsx';
import { PacketLayer, PacketLegend } from './packet-layer.tsx';
import { client, useAction } from './use-action.ts';

/** The cluster as a picture: every node in its place, every link with its two lanes, messages as they go. */
export function Stage() {
  const { view, stale } = useLive((state) => ({
    view: state.view,
    stale: state.conn === 'reconnecting',
  }));
  const moving = useMotion();
  if (view === null)
    return (
      <p className="grid h-full min-h-60 place-content-center text-quiet">
        Connecting to the cluster…
      </p>
    );
  const places = placeNodes(view.voters);
  return (
    <div className={clsx('flex h-full flex-col', stale && 'stale')}>
      <ClusterActions view={view} />
      <div className="relative flex min-h-0 flex-1 flex-col gap-2 p-3 sm:block sm:p-0">
        <svg
          viewBox={`0 0 ${STAGE.width} ${STAGE.height}`}
          className="absolute inset-0 hidden size-full sm:block"
          preserveAspectRatio="none"
        >
          <LinkLines view={view} places={places} />
          <PacketLayer places={places} moving={moving} />
        </svg>
        <QuorumNote view={view} />
        {view.voters.map((id) => (
          <div
            key={id}
            className="w-full sm:absolute sm:w-72 sm:-translate-1/2"
            style={percent(places.get(id))}
          >
            <NodeCard id={id} />
          </div>
        ))}
        <LinkSwitches view={view} places={places} />
      </div>
    </div>
  );
}

function ClusterActions({ view }: { readonly view: ClusterView }) {
  const disabled = useActionsDisabled();
  const { busy, error, run } = useAction();
  const { leader } = verdictOf(view);
  const down = view.nodes.filter((node) => node.state === 'down' || node.state === 'failed');
  const cut = view.links.some(
    (link) => link.cut || link.delayMs > 0 || link.loss > 0 || link.duplicate > 0,
  );
  const because = disabled ?? (busy ? 'Under way' : null);
  return (
    <div className="flex flex-wrap items-center gap-2 border-b border-line px-3 py-2">
      <Button
        tone="danger"
        disabledBecause={because ?? (leader === null ? 'There is no leader to kill' : null)}
        onClick={() => leader !== null && run(() => client.act(leader, 'kill'))}
      >
        Kill leader
      </Button>
      <Button
        disabledBecause={because ?? (down.length === 0 ? 'Every node is up' : null)}
        onClick={() =>
          run(async () => {
            const results = await Promise.all(down.map((node) => client.act(node.id, 'revive')));
            return results.find((result) => !result.ok) ?? { ok: true, value: null };
          })
        }
      >
        Revive all
      </Button>
      <Button
        disabledBecause={because ?? (cut ? null : 'Every link is whole')}
        onClick={() => run(() => client.healAll())}
      >
        Heal all
      </Button>
      {error !== null && (
        <p role="alert" className="text-[13px] text-danger">
          {error}
        </p>
      )}
      <div className="ml-auto">
        <PacketLegend />
      </div>
    </div>
  );
}

/** The arithmetic behind every decision, in words, in the middle of the picture. */
function QuorumNote({ view }: { readonly view: ClusterView }) {
  const up = view.nodes.filter((node) => node.state === 'serving').length;
  return (
    <p className="order-last text-center text-[13px] leading-5 sm:absolute sm:top-[54%] sm:left-1/2 sm:-translate-1/2 sm:rounded-lg sm:bg-surface sm:px-2 sm:py-1">
      <span className="font-mono text-base">{view.quorum}</span> of{' '}
      <span className="font-mono text-base">{view.voters.length}</span> is a quorum
      <br />
      <span className={clsx(up < view.quorum ? 'text-danger' : 'text-quiet')}>
        {up} up: {up >= view.quorum ? 'can commit' : 'cannot commit, by design'}
      </span>
    </p>
  );
}

interface Pair {
  readonly a: string;
  readonly b: string;
  readonly state: 'up' | 'cut' | 'slow' | 'lossy';
}

function pairsOf(view: ClusterView): readonly Pair[] {
  const pairs: Pair[] = [];
  for (const [i, a] of view.voters.entries()) {
    for (const b of view.voters.slice(i + 1)) {
      const links = view.links.filter(
        (l) => (l.from === a && l.to === b) || (l.from === b && l.to === a),
      );
      const state = links.some((l) => l.cut)
        ? 'cut'
        : links.some((l) => l.loss > 0 || l.duplicate > 0)
          ? 'lossy'
          : links.some((l) => l.delayMs > 0 || l.jitterMs > 0)
            ? 'slow'
            : 'up';
      pairs.push({ a, b, state });
    }
  }
  return pairs;
}

interface PlacedProps {
  readonly view: ClusterView;
  readonly places: ReadonlyMap<string, Point>;
}

function LinkLines({ view, places }: PlacedProps) {
  return view.links.map((link) => {
    const a = places.get(link.from);
    const b = places.get(link.to);
    if (a === undefined || b === undefined) return null;
    const [from, to] = lane(a, b);
    return (
      <line
        key={`${link.from}>${link.to}`}
        data-testid={`lane-${link.from}-${link.to}`}
        data-state={link.cut ? 'cut' : 'up'}
        x1={from.x}
        y1={from.y}
        x2={to.x}
        y2={to.y}
        stroke={link.cut ? 'var(--danger)' : 'var(--line-strong)'}
        strokeWidth={link.cut ? 2 : 1.25}
        strokeDasharray={link.cut ? '3 9' : undefined}
      />
    );
  });
}

function LinkSwitches({ view, places }: PlacedProps) {
  return pairsOf(view).map((pair) => {
    const a = places.get(pair.a);
    const b = places.get(pair.b);
    if (a === undefined || b === undefined) return null;
    return (
      <div
        key={`${pair.a}-${pair.b}`}
        className="flex items-center justify-between sm:absolute sm:-translate-1/2"
        style={percent({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 })}
      >
        <span className="sm:hidden" aria-hidden="true">
          Link <span className="font-mono">{pair.a}</span> to{' '}
          <span className="font-mono">{pair.b}</span>
        </span>
        <LinkSwitch pair={pair} />
      </div>
    );
  });
}

/** Cuts and joins both directions of one link. */
function LinkSwitch({ pair }: { readonly pair: Pair }) {
  const { a, b, state } = pair;
  const disabled = useActionsDisabled();
  const { busy, error, run } = useAction();
  const cut = state === 'cut';
  const toggle = (): void =>
    run(async () => {
      const results = await Promise.all([
        client.setLink(a, b, { cut: !cut }),
        client.setLink(b, a, { cut: !cut }),
      ]);
      return results.find((result) => !result.ok) ?? { ok: true, value: null };
    });
  return (
    <button
      type="button"
      role="switch"
      aria-checked={!cut}
      aria-label={`Link ${a} to ${b}`}
      aria-disabled={disabled !== null || busy}
      title={
        disabled ??
        error ??
        (cut ? `Join ${a} and ${b} again` : `Cut the link between ${a} and ${b}`)
      }
      data-testid={`link-${a}-${b}`}
      data-state={state}
      onClick={() => {
        if (disabled === null && !busy) toggle();
      }}
      className={clsx(
        'min-h-9 rounded-full border bg-surface px-4 text-xs sm:min-h-6 sm:px-2 transition-colors duration-100 hover:border-text',
        cut ? 'border-danger text-danger' : 'border-line text-quiet',
      )}
    >
      {cut ? 'cut' : state === 'up' ? 'linked' : state}
    </button>
  );
}

function percent(point: Point | undefined): { readonly left: string; readonly top: string } {
  const { x, y } = point ?? { x: 0, y: 0 };
  return { left: `${(100 * x) / STAGE.width}%`, top: `${(100 * y) / STAGE.height}%` };
}
