'use client';

import clsx from 'clsx';
import { Power, RotateCcw, Unplug } from 'lucide-react';
import { membershipOf, snapshotFor } from '../../client/membership.ts';
import type { Membership } from '../../client/membership.ts';
import { sidesOf, standingOf } from '../../client/verdict.ts';
import type { NodeView } from '../../contracts/view.ts';
import { useActionsDisabled, useHeardUntil, useLive } from '../live/live-provider.tsx';
import { Button } from '../ui/button.tsx';
import { useToast } from '../ui/toast.tsx';
import { dropWords } from './drop-words.ts';
import { FaultChips } from './fault-chips.tsx';
import { useForecasting } from './forecast.tsx';
import { LinkHandle } from './link-handle.tsx';
import { useLinkPulling } from './link-pulling.ts';
import { MiniLog } from './mini-log.tsx';
import { NodeMenu } from './node-menu.tsx';
import { RefusedStore } from './refused-store.tsx';
import { RoleBadge, shownRole } from './role-badge.tsx';
import { useFaults } from './use-faults.ts';

/** One node as it sees itself, and the buttons that break it and mend it. */
export function NodeCard({ id }: { readonly id: string }) {
  const { node, membership, standing, side } = useLive(({ view }) => ({
    node: view?.nodes.find((candidate) => candidate.id === id),
    membership: view === null ? 'voter' : membershipOf(view, id),
    standing: view === null ? null : standingOf(view, id),
    side: view === null ? null : sideName(sidesOf(view), id),
  }));
  const isAimedAt = useLinkPulling(({ pull }) => pull?.deed?.to === id);
  if (node === undefined) return null;
  const role = shownRole(node);
  const word = roleWord(node, standing, membership);
  return (
    <div
      role="group"
      aria-label={`Node ${id}: ${word}, term ${node.term}`}
      tabIndex={-1}
      data-testid={`node-card-${id}`}
      data-node={id}
      data-role={node.role}
      data-membership={membership}
      data-up={node.state === 'serving'}
      data-term={node.term}
      data-commit={node.commitIndex}
      data-applied={node.lastApplied}
      data-last={node.lastIndex}
      data-side={side ?? ''}
      data-aimed-at={isAimedAt}
      className={clsx(
        'relative flex h-full flex-col justify-between gap-1.5 rounded-lg border bg-raised outline-text data-[aimed-at=true]:outline-3 data-[aimed-at=true]:outline-offset-4 presenting:border-2 p-2.5 transition-colors duration-100 sm:group-data-[density=compact]/stage:p-2 sm:group-data-[density=small]/stage:justify-center sm:group-data-[density=small]/stage:p-1.5',
        standing === 'agreed' && 'border-leader ring-[3px] ring-leader',
        (standing === 'stale' || standing === 'alone') && 'border-dashed border-leader',
        role === 'down' && 'hatched border-dashed border-line-strong',
        (role === 'follower' || role === 'candidate') && 'border-line-strong',
      )}
    >
      <FaultChips node={node} />
      <div className="flex items-center gap-2.5 sm:group-data-[density=compact]/stage:gap-1.5 sm:group-data-[density=small]/stage:gap-1.5">
        <RoleBadge node={node} hasVote={membership === 'voter' || membership === 'leaving'} />
        <div className="min-w-0 flex-1">
          <p className="flex items-baseline gap-2 leading-6 presenting:sm:group-data-[density=compact]/stage:flex-col presenting:sm:group-data-[density=compact]/stage:items-start presenting:sm:group-data-[density=compact]/stage:gap-0 presenting:sm:group-data-[density=compact]/stage:leading-5 sm:group-data-[density=small]/stage:flex-col sm:group-data-[density=small]/stage:items-start sm:group-data-[density=small]/stage:gap-0 sm:group-data-[density=small]/stage:text-xs sm:group-data-[density=small]/stage:leading-5">
            <span
              className={clsx('font-mono text-xl font-semibold', role === 'down' && 'line-through')}
            >
              {id}
            </span>
            <span
              className={clsx(
                'max-w-full truncate',
                standing === 'agreed' ? 'font-semibold' : 'font-medium text-quiet',
              )}
              title={word}
            >
              {/* Whole beside three buttons; its mark says that it leads. */}
              {standing === 'stale' ? 'stale' : word}
            </span>
          </p>
          <p className="truncate text-xs text-quiet presenting:sm:group-data-[density=compact]/stage:hidden sm:group-data-[density=small]/stage:hidden">
            <Pulse node={node} />
          </p>
        </div>
        <NodeActions node={node} />
      </div>
      {node.refusal === null ? (
        <dl className="grid grid-cols-[auto_auto_1fr_1fr_1fr] gap-x-3 font-mono text-sm leading-[1.125rem] presenting:gap-x-2 presenting:sm:group-data-[density=compact]/stage:grid-cols-[auto_1fr_1fr_1fr] presenting:sm:group-data-[density=compact]/stage:*:nth-2:hidden sm:group-data-[density=small]/stage:hidden">
          <Fact name="term" value={node.term} />
          <Fact name="vote" value={node.votedFor ?? '–'} />
          <Fact name="last" value={node.lastIndex} />
          <Fact name="commit" value={node.commitIndex} />
          <Fact name="applied" value={node.lastApplied} />
        </dl>
      ) : (
        <RefusedStore node={node} refusal={node.refusal} />
      )}
      {node.refusal === null && (
        <p className="flex items-center gap-2 text-xs text-quiet max-sm:min-h-8 max-sm:pr-20 in-data-[show=both]:max-[100rem]:hidden sm:group-data-[density=compact]/stage:hidden sm:group-data-[density=small]/stage:hidden">
          <MiniLog id={id} />
          <span className="min-w-0 truncate" title={databaseTitle(node)}>
            <span className="font-mono">{node.database.name}</span>{' '}
            {formatBytes(node.database.sizeBytes)}, boot {node.database.bootEpoch}
          </span>
          <Dropped id={id} drops={node.drops} />
          {side !== null && (
            <span className="ml-auto shrink-0 rounded-full border border-line-strong px-1.5 font-medium text-text">
              side {side}
            </span>
          )}
        </p>
      )}
      <LinkHandle id={id} />
    </div>
  );
}

/** A, B and so on while there is a partition; null while there is none. */
function sideName(sides: ReturnType<typeof sidesOf>, id: string): string | null {
  if (sides.length < 2) return null;
  return sideLetter(sides.findIndex((side) => side.nodes.includes(id)));
}

export function sideLetter(index: number): string {
  return String.fromCodePoint('A'.charCodeAt(0) + index);
}

function roleWord(
  node: NodeView,
  standing: ReturnType<typeof standingOf>,
  membership: Membership,
): string {
  if (node.state === 'starting') return 'starting';
  if (node.state === 'failed') return 'failed';
  if (node.state === 'down') return 'down';
  switch (node.role) {
    case 'leader':
      return standing === 'stale' ? 'stale leader' : 'leader';
    case 'preCandidate':
      return 'pre-vote';
    case 'candidate':
      return node.role;
    case 'follower':
      return membership === 'voter' ? node.role : membership;
  }
}

/** Only where there is something to tell; pressed, it tells why. */
function Dropped({ id, drops }: Pick<NodeView, 'drops' | 'id'>) {
  const toast = useToast();
  const causes = Object.entries(drops).filter(([, count]) => count > 0);
  if (causes.length === 0) return null;
  const total = causes.reduce((sum, [, count]) => sum + count, 0).toLocaleString('en');
  const why = causes.map(([cause, count]) => `${count.toLocaleString('en')} ${dropWords(cause)}`);
  const text = `${id} did not let ${total} message${total === '1' ? '' : 's'} in: ${why.join(', ')}`;
  return (
    <button
      type="button"
      title={text}
      aria-label={`${total} dropped by ${id}: why?`}
      onClick={() => toast({ text })}
      className="min-h-6 shrink-0 underline decoration-dotted underline-offset-2"
    >
      {total} dropped
    </button>
  );
}

function databaseTitle({ database, pid }: NodeView): string {
  const last =
    database.lastWriteMs === null
      ? ''
      : `, the last write took ${database.lastWriteMs.toFixed(1)} ms`;
  return `${database.name}: ${database.writes.toLocaleString('en')} writes since it was started${last}; opened ${database.bootEpoch} times; store ${database.storeId}${pid === undefined ? '' : `; process ${pid}`}`;
}

function NodeActions({ node }: { readonly node: NodeView }) {
  const { id } = node;
  const disabled = useActionsDisabled();
  const faults = useFaults();
  const { busy, error, kill, revive, isolate, reconnect } = faults;
  const forecasting = useForecasting({ do: 'kill', node: id });
  const isIsolated = useLive(
    ({ view }) =>
      view?.links.filter((link) => link.from === id || link.to === id).every((link) => link.cut) ??
      false,
  );
  const because = disabled ?? (busy ? 'Under way' : null);
  const isUp = node.state === 'serving';
  return (
    <div className="flex shrink-0 gap-1">
      <Button
        aria-label={isIsolated ? `Reconnect ${id}` : `Isolate ${id}`}
        title={isIsolated ? `Join ${id} to the others again` : `Cut ${id} off from the others`}
        size="narrow"
        className="max-[23rem]:hidden presenting:hidden sm:group-data-[density=compact]/stage:hidden sm:group-data-[density=small]/stage:hidden"
        disabledBecause={because}
        onClick={() => (isIsolated ? reconnect(id) : isolate(id))}
      >
        <Unplug className={clsx('size-4.5', isIsolated && 'text-danger')} aria-hidden="true" />
      </Button>
      <Button
        aria-label={isUp ? `Kill ${id}` : `Revive ${id}`}
        title={isUp ? `Kill ${id}: it ends at once` : `Start ${id} again from its own database`}
        size="narrow"
        tone={isUp ? 'danger' : 'primary'}
        className="sm:group-data-[density=small]/stage:h-9"
        disabledBecause={node.state === 'starting' ? 'It is starting' : because}
        onClick={(event) => {
          // The second click of a double click would take the first one back.
          if (event.detail > 1) return;
          if (isUp) kill(id);
          else revive([id]);
        }}
        {...forecasting}
      >
        {isUp ? (
          <Power className="size-4.5" aria-hidden="true" />
        ) : (
          <RotateCcw className="size-4.5" aria-hidden="true" />
        )}
      </Button>
      <NodeMenu node={node} faults={faults} isIsolated={isIsolated} />
      {error !== null && (
        <p
          role="alert"
          className="absolute inset-x-2 top-15 z-10 rounded-lg border border-danger bg-raised p-2 text-xs"
        >
          {error}
        </p>
      )}
    </div>
  );
}

/** The sign of life that matters for this role. */
function Pulse({ node }: { readonly node: NodeView }) {
  const now = useHeardUntil();
  const snapshot = useLive(({ view }) => (view === null ? null : snapshotFor(view, node.id)));
  switch (node.state) {
    case 'starting':
      return 'reading its database';
    case 'down':
    case 'failed':
      return `${node.reason ?? node.state}${now === null ? '' : `, for ${formatAge(now - node.sinceMs)}`}`;
    case 'serving':
      break;
  }
  const silentMs = now === null ? 0 : now - node.reportedAtMs;
  if (silentMs > MUTE_AFTER_MS && node.faults.pausedUntilMs === null)
    return (
      <span title={`${node.id} reports nothing: its machine is busy, or somebody stopped it`}>
        silent for {formatAge(silentMs)}
      </span>
    );
  switch (node.role) {
    case 'leader':
      return `${heardPeers(node)} of ${node.progress.length} answer`;
    case 'preCandidate':
    case 'candidate':
      return <Votes node={node} />;
    case 'follower':
      if (snapshot !== null)
        return `gets a snapshot: ${snapshot.to.toLocaleString('en')} of ${snapshot.of.toLocaleString('en')}`;
      if (node.lastHeardAtMs === null || node.leader === null) return 'hears no leader';
      return `heard ${node.leader}, ${formatAge(heardAgoMs(node, node.lastHeardAtMs, now))}`;
  }
}

/** A node reports many times a second; one that did not for so long is told to be silent, ms. */
const MUTE_AFTER_MS = 2000;

/** Beyond this a report is no longer the newest word on a node's silence, ms. */
const OLD_REPORT_MS = 1000;

function heardAgoMs(node: NodeView, heardAtMs: number, now: number | null): number {
  const isOld = now !== null && now - node.reportedAtMs > OLD_REPORT_MS;
  return (isOld ? now : node.reportedAtMs) - heardAtMs;
}

/** A peer that did not answer for this long counts as silent, ms. */
const SILENT_AFTER_MS = 1000;

function heardPeers(node: NodeView): number {
  return node.progress.filter(
    ({ lastAckAgoMs }) => lastAckAgoMs !== null && lastAckAgoMs < SILENT_AFTER_MS,
  ).length;
}

/** One mark for each voter that has answered a candidate. */
function Votes({ node }: { readonly node: NodeView }) {
  const granted = node.votes.filter((vote) => vote.granted).length;
  const noun = node.role === 'candidate' ? 'vote' : 'promise';
  return (
    <span className="inline-flex items-center gap-1">
      {granted} {granted === 1 ? noun : `${noun}s`}
      <svg viewBox={`0 0 ${12 * node.votes.length} 12`} className="h-3" aria-hidden="true">
        {node.votes.map((vote, i) => (
          <path
            key={vote.voter}
            d={`M${6 + 12 * i} 1.5l4.5 4.5-4.5 4.5-4.5-4.5z${vote.granted ? '' : 'm-3 1.5l6 6m0-6l-6 6'}`}
            fill={vote.granted ? 'var(--role-candidate)' : 'none'}
            stroke="var(--role-candidate)"
          />
        ))}
      </svg>
    </span>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string | number }) {
  return (
    <div className="min-w-0">
      <dt className="font-sans text-xs leading-4 text-quiet">{name}</dt>
      <dd className="truncate">{typeof value === 'number' ? value.toLocaleString('en') : value}</dd>
    </div>
  );
}

function formatAge(ms: number): string {
  const positive = Math.max(0, ms);
  if (positive < 1000) return `${Math.round(positive)} ms`;
  const seconds = Math.floor(positive / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
}

function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${Math.round(bytes / 1024)} KiB`;
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
