'use client';

import { Cable } from 'lucide-react';
import { useEffect, useEffectEvent, useRef } from 'react';
import type { PointerEvent, MouseEvent } from 'react';
import { deedHint, deedName, deedsBetween, toggling, wayBack } from '../../client/link-deed.ts';
import type { LinkDeed } from '../../client/link-deed.ts';
import type { LinkView } from '../../contracts/view.ts';
import { useActionsDisabled, useLive } from '../live/live-provider.tsx';
import { Menu } from '../ui/menu.tsx';
import { usePointAt } from './forecast.tsx';
import type { Point } from './geometry.ts';
import { useLinkPulling } from './link-pulling.ts';
import { useFaults } from './use-faults.ts';

/** A press that moves less is no pull, px. */
const SLACK_PX = 6;

/**
 * Where the links of a node are taken hold of: pulled onto another card, it cuts
 * the link between the two, or heals it; pressed, it lists the same.
 */
export function LinkHandle({ id }: { readonly id: string }) {
  const links = useLive(({ view }) =>
    (view?.links ?? []).filter(({ from, to }) => from === id || to === id),
  );
  const others = useLive(({ view }) => (view?.members ?? []).filter((other) => other !== id));
  const disabled = useActionsDisabled();
  const { busy, error, carryOut } = useFaults();
  const point = usePointAt();
  const because = disabled ?? (busy ? 'Under way' : null);
  const carry = (deed: LinkDeed): void => carryOut(deed, wayBack(links, deed));
  const pulling = usePulling(id, links, because === null, carry);
  if (others.length === 0) return null;
  return (
    <>
      {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions -- the button within does the same by keyboard */}
      <span
        data-testid={`link-handle-${id}`}
        className="absolute right-2 bottom-1.5 touch-none select-none sm:right-auto sm:-bottom-3.5 sm:left-1/2 sm:-translate-x-1/2"
        {...pulling}
      >
        <Menu
          label={`Links of ${id}`}
          title={`Pull onto another node to cut the link between the two or to heal it; press for a list`}
          className="h-9! cursor-grab touch-none rounded-full! border-line-strong! px-2.5! text-xs! active:cursor-grabbing sm:h-6! sm:min-w-0! sm:px-2!"
          icon={
            <>
              <Cable className="size-3.5" aria-hidden="true" />
              <span className="sm:group-data-[density=compact]/stage:hidden sm:group-data-[density=small]/stage:hidden">
                links
              </span>
            </>
          }
          disabledBecause={disabled}
          items={others.flatMap((other) =>
            deedsBetween(links, id, other).map((deed) => ({
              label: deedName(deed),
              hint: deedHint(deed),
              disabledBecause: because,
              run: () => carry(deed),
              onPoint: (isPointed: boolean) => point(isPointed ? { do: 'link', deed } : null),
            })),
          )}
        />
      </span>
      {error !== null && (
        <p
          role="alert"
          className="absolute inset-x-2 top-full z-10 mt-4 rounded-lg border border-danger bg-raised p-2 text-xs"
        >
          {error}
        </p>
      )}
    </>
  );
}

/** Hears mouse, pen and finger on a handle; a press that does not become a pull stays a click. */
function usePulling(
  from: string,
  links: readonly LinkView[],
  isFree: boolean,
  letGo: (deed: LinkDeed) => void,
) {
  const isPulled = useLinkPulling(({ pull }) => pull?.from === from);
  const set = useLinkPulling((state) => state.set);
  /** Where the button went down; null once it is up, or the pull was given up. */
  const pressedAt = useRef<Point | null>(null);
  const wasPulled = useRef(false);

  const end = (): void => {
    pressedAt.current = null;
    set(null);
  };
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      // It is used up: what else Escape leads out of stays.
      event.preventDefault();
      event.stopImmediatePropagation();
      end();
    } else if (event.key === 'Shift') {
      const { pull } = useLinkPulling.getState();
      if (pull?.deed != null)
        set({ ...pull, deed: toggling(links, from, pull.deed.to, event.type === 'keyup') });
    }
  });
  useEffect(() => {
    if (!isPulled) return;
    const hear = (event: KeyboardEvent): void => onKey(event);
    const giveUp = (): void => set(null);
    window.addEventListener('keydown', hear, true);
    window.addEventListener('keyup', hear, true);
    return () => {
      window.removeEventListener('keydown', hear, true);
      window.removeEventListener('keyup', hear, true);
      giveUp();
    };
  }, [isPulled, set]);

  return {
    onPointerDown: (event: PointerEvent<HTMLElement>): void => {
      wasPulled.current = false;
      if (!isFree || event.button !== 0 || !event.isPrimary) return;
      pressedAt.current = { x: event.clientX, y: event.clientY };
      // To the button itself, so that its click stays its own.
      if (event.target instanceof Element) event.target.setPointerCapture(event.pointerId);
    },
    onPointerMove: (event: PointerEvent<HTMLElement>): void => {
      const press = pressedAt.current;
      const stage = event.currentTarget.closest('[data-stage]');
      if (press === null || stage === null) return;
      const hand = { x: event.clientX, y: event.clientY };
      if (!wasPulled.current && Math.hypot(hand.x - press.x, hand.y - press.y) < SLACK_PX) return;
      wasPulled.current = true;
      const { left, top } = stage.getBoundingClientRect();
      const over = nodeUnder(hand);
      set({
        from,
        start: { x: press.x - left, y: press.y - top },
        end: { x: hand.x - left, y: hand.y - top },
        deed: over === null || over === from ? null : toggling(links, from, over, !event.shiftKey),
      });
    },
    onPointerUp: (): void => {
      const { pull } = useLinkPulling.getState();
      end();
      if (pull?.from === from && pull.deed !== null) letGo(pull.deed);
    },
    onPointerCancel: end,
    onClickCapture: (event: MouseEvent): void => {
      // The click that ends a pull; one by keyboard has no detail.
      if (wasPulled.current && event.detail > 0) event.stopPropagation();
    },
  };
}

/** Whose card is at this place of the window. */
function nodeUnder({ x, y }: Point): string | null {
  const card = document.elementFromPoint(x, y)?.closest('[data-node]');
  return card?.getAttribute('data-node') ?? null;
}
