'use client';

import { useEffect } from 'react';
import { lossWords } from '../../client/pace-state.ts';
import type { Loss } from '../../client/pace-state.ts';
import type { TransitView } from '../../contracts/pace.ts';
import { useActionsDisabled, useLive } from '../live/live-provider.tsx';
import { Button } from '../ui/button.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { lookOf } from './packet-shapes.ts';
import { usePacketChoice } from './packet-choice.ts';
import { client, useAction } from './use-action.ts';

const NONE: readonly TransitView[] = [];

/** A message on its way, opened: what it says, and the hand that drops it. Or all of them, to choose from. */
export function PacketSheet() {
  const { chosen, choose } = usePacketChoice();
  const transit = useLive(({ view }) => view?.transit ?? NONE);
  const losses = useLive((state) => state.losses);
  // A page that is left takes its choice along.
  useEffect(() => () => choose(null), [choose]);
  const title =
    chosen === null || chosen === 'all'
      ? 'Messages on their way'
      : `${chosen.type} from ${chosen.from} to ${chosen.to}`;
  return (
    <Sheet title={title} open={chosen !== null} onClose={() => choose(null)}>
      {chosen === 'all' && (
        <>
          <PacketList transit={transit} onChoose={choose} />
          <LossList losses={losses} />
        </>
      )}
      {chosen !== null && chosen !== 'all' && (
        <PacketFields
          key={chosen.id}
          packet={chosen}
          isOnTheWay={transit.some(({ id }) => id === chosen.id)}
          loss={losses.find(({ packet }) => packet.id === chosen.id)}
          onAll={() => choose('all')}
        />
      )}
    </Sheet>
  );
}

function PacketList({
  transit,
  onChoose,
}: {
  readonly transit: readonly TransitView[];
  onChoose(packet: TransitView): void;
}) {
  if (transit.length === 0) return <p className="text-quiet">Nothing is on its way now.</p>;
  return (
    <ul className="flex flex-col gap-1" data-testid="packet-list">
      {transit.map((packet) => (
        <li key={packet.id}>
          <Button
            tone="bare"
            className="h-auto min-h-11 w-full justify-start! text-left whitespace-normal!"
            onClick={() => onChoose(packet)}
          >
            <PacketShape packet={packet} />
            <span className="font-mono">
              {packet.from} → {packet.to}
            </span>
            <span>{packet.type}</span>
            {packet.refused && <span className="text-quiet">refused</span>}
            <span className="text-quiet">
              term <span className="font-mono">{packet.term}</span>
            </span>
          </Button>
        </li>
      ))}
    </ul>
  );
}

/** What did not arrive, newest first. */
function LossList({ losses }: { readonly losses: readonly Loss[] }) {
  if (losses.length === 0) return null;
  return (
    <section className="mt-4 border-t border-line pt-3">
      <h3 className="mb-1 text-sm font-semibold">Did not arrive</h3>
      <ul className="flex flex-col gap-1" data-testid="loss-list">
        {losses.toReversed().map((loss) => (
          <li key={loss.packet.id} className="flex flex-wrap items-center gap-x-2 px-2.5 text-sm">
            <PacketShape packet={loss.packet} />
            <span className="font-mono">
              {loss.packet.from} → {loss.packet.to}
            </span>
            <span>{loss.packet.type}</span>
            <span className="text-quiet">
              term <span className="font-mono">{loss.packet.term}</span>, {lossWords(loss)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function PacketFields({
  packet,
  isOnTheWay,
  loss,
  onAll,
}: {
  readonly packet: TransitView;
  readonly isOnTheWay: boolean;
  readonly loss: Loss | undefined;
  onAll(): void;
}) {
  const { busy, error, run } = useAction();
  const disabled = useActionsDisabled();
  const because =
    disabled ?? (isOnTheWay ? null : 'It is not on its way any more') ?? (busy ? 'Wait' : null);
  return (
    <div data-testid="packet-fields" data-packet={packet.id} data-on-the-way={isOnTheWay}>
      <p className="mb-3 flex items-center gap-2">
        <PacketShape packet={packet} />
        {isOnTheWay
          ? 'On its way'
          : `Not on its way any more: it ${loss === undefined ? 'arrived, or was lost' : `was ${lossWords(loss)}`}`}
        {packet.refused && '. It says no.'}
      </p>
      <dl className="grid grid-cols-[max-content_minmax(0,1fr)] gap-x-4 gap-y-1">
        <Field name="term" value={String(packet.term)} />
        {packet.fields.map(({ name, value }) => (
          <Field key={name} name={name} value={value} />
        ))}
        <Field
          name="takes"
          value={`${Math.round(packet.arrivesAtMs - packet.sentAtMs)} ms of cluster time`}
        />
      </dl>
      <div className="mt-4 flex flex-wrap items-center gap-2">
        <Button
          tone="danger"
          size="large"
          disabledBecause={because}
          onClick={() => run(() => client.dropPacket(packet.id))}
        >
          Drop
        </Button>
        <Button size="large" onClick={onAll}>
          All messages
        </Button>
        {error !== null && (
          <span role="alert" className="text-sm text-danger">
            {error}
          </span>
        )}
      </div>
    </div>
  );
}

function Field({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <>
      <dt className="text-quiet">{name}</dt>
      <dd className="font-mono break-words">{value}</dd>
    </>
  );
}

function PacketShape({ packet }: { readonly packet: TransitView }) {
  const look = lookOf({ type: packet.type, refused: packet.refused ? 1 : 0 });
  return (
    <svg viewBox="-8 -8 16 16" className="size-4 shrink-0" aria-hidden="true">
      <path
        d={look.path}
        fill={look.hollow ? 'none' : 'currentColor'}
        stroke="currentColor"
        strokeWidth="1.5"
      />
    </svg>
  );
}
