'use client';

import clsx from 'clsx';
import { Power, RotateCcw, Unplug } from 'lucide-react';
import { forecastKill } from '../../client/verdict.ts';
import type { NodeView } from '../../contracts/view.ts';
import { useActionsDisabled, useLive, useNow } from '../live/live-provider.tsx';
import { Button } from '../ui/button.tsx';
import { RoleBadge, shownRole } from './role-badge.tsx';
import { client, useAction } from './use-action.ts';

const ROLE_WORD = {
  leader: 'leader',
  follower: 'follower',
  candidate: 'candidate',
  down: 'down',
} as const;

/** One node as it sees itself, and the buttons that break it and mend it. */
export function NodeCard({ id }: { readonly id: string }) {
  const node = useLive((state) => state.view?.nodes.find((candidate) => candidate.id === id));
  if (node === undefined) return null;
  const role = shownRole(node);
  return (
    <div
      role="group"
      aria-label={`Node ${id}: ${ROLE_WORD[role]}, term ${node.term}`}
      data-testid={`node-card-${id}`}
      data-role={node.role}
      data-up={node.state === 'serving'}
      data-term={node.term}
      data-commit={node.commitIndex}
      data-applied={node.lastApplied}
      data-last={node.lastIndex}
      className={clsx(
        'flex flex-col gap-1.5 rounded-lg border bg-raised p-2.5 transition-colors duration-100',
        role === 'leader' ? 'border-leader ring-2 ring-leader' : 'border-line-strong',
        role === 'down' && 'hatched border-dashed',
      )}
    >
      <div className="flex items-center gap-2.5">
        <RoleBadge node={node} />
        <div className="min-w-0 flex-1 leading-tight">
          <p className="flex items-baseline gap-2">
            <span
              className={clsx('font-mono text-xl font-semibold', role === 'down' && 'line-through')}
            >
              {id}
            </span>
            <span
              className={clsx('text-[13px]', role === 'leader' ? 'font-semibold' : 'text-quiet')}
            >
              {ROLE_WORD[role]}
            </span>
          </p>
          <p className="truncate text-xs text-quiet">
            <Pulse node={node} />
          </p>
        </div>
        <NodeActions node={node} />
      </div>
      <dl className="grid grid-cols-5 gap-x-2 font-mono text-[13px]">
        <Fact name="term" value={node.term} />
        <Fact name="vote" value={node.votedFor ?? '–'} />
        <Fact name="log" value={node.lastIndex} />
        <Fact name="commit" value={node.commitIndex} />
        <Fact name="applied" value={node.lastApplied} />
      </dl>
      <p className="truncate text-xs text-quiet">
        <span className="font-mono">{node.database.name}</span>{' '}
        {formatBytes(node.database.sizeBytes)}
        {node.database.lastWriteMs !== null &&
          `, last write ${node.database.lastWriteMs.toFixed(1)} ms`}
        , start {node.database.bootEpoch}
      </p>
    </div>
  );
}

function NodeActions({ node }: { readonly node: NodeView }) {
  const { id } = node;
  const disabled = useActionsDisabled();
  const { busy, error, run } = useAction();
  const { isolated, forecast } = useLive(({ view }) => ({
    isolated:
      view?.links.filter((link) => link.from === id || link.to === id).every((link) => link.cut) ??
      false,
    forecast: view === null ? '' : forecastKill(view, id),
  }));
  const because = disabled ?? (busy ? 'Under way' : null);
  const isUp = node.state === 'serving';
  return (
    <div className="relative flex gap-1">
      <Button
        aria-label={isolated ? `Reconnect ${id}` : `Isolate ${id}`}
        title={isolated ? `Join ${id} to the others again` : `Cut ${id} off from the others`}
        size="large"
        className="px-0"
        disabledBecause={because}
        onClick={() => run(() => client.act(id, isolated ? 'reconnect' : 'isolate'))}
      >
        <Unplug className={clsx('size-4', isolated && 'text-danger')} aria-hidden="true" />
      </Button>
      {isUp ? (
        <Button
          aria-label={`Kill ${id}`}
          title={forecast}
          size="large"
          tone="danger"
          className="px-0"
          disabledBecause={because}
          onClick={() => run(() => client.act(id, 'kill'))}
        >
          <Power className="size-4" aria-hidden="true" />
        </Button>
      ) : (
        <Button
          aria-label={`Revive ${id}`}
          title={`Start ${id} again from its own database`}
          size="large"
          tone="primary"
          className="px-0"
          disabledBecause={node.state === 'starting' ? 'It is starting' : because}
          onClick={() => run(() => client.act(id, 'revive'))}
        >
          <RotateCcw className="size-4" aria-hidden="true" />
        </Button>
      )}
      {error !== null && (
        <p
          role="alert"
          className="absolute top-full right-0 z-10 mt-1 w-56 rounded-lg border border-danger bg-raised p-2 text-xs"
        >
          {error}
        </p>
      )}
    </div>
  );
}

/** The sign of life that matters for this role. */
function Pulse({ node }: { readonly node: NodeView }) {
  const now = useNow();
  if (node.state === 'starting') return 'reading its database';
  if (node.state !== 'serving') {
    const forS = now === null ? null : Math.max(0, Math.round((now - node.sinceMs) / 1000));
    return `${node.reason ?? 'down'}${forS === null ? '' : `, ${forS} s ago`}`;
  }
  if (node.role === 'leader') {
    const heard = node.progress.filter(
      (peer) => peer.lastAckAgoMs !== null && peer.lastAckAgoMs < 1000,
    ).length;
    return `hears ${heard} of ${node.progress.length} others`;
  }
  if (node.role !== 'follower') {
    const granted = node.votes.filter((vote) => vote.granted).length;
    return node.role === 'candidate'
      ? `has ${granted} vote${granted === 1 ? '' : 's'}`
      : `asks whether it could win`;
  }
  if (node.lastHeardAtMs === null || node.leader === null) return 'hears no leader';
  return `heard ${node.leader} ${Math.max(0, Math.round(node.reportedAtMs - node.lastHeardAtMs))} ms ago`;
}

function Fact({ name, value }: { readonly name: string; readonly value: string | number }) {
  return (
    <div className="min-w-0">
      <dt className="font-sans text-[11px] text-quiet">{name}</dt>
      <dd className="truncate">{typeof value === 'number' ? value.toLocaleString('en') : value}</dd>
    </div>
  );
}

function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${Math.round(bytes / 1024)} KiB`;
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
