/** What a hand that pulls from one card to another does to the link between. */
import { describe, expect, test } from 'vitest';
import {
  deedDone,
  deedHint,
  deedName,
  deedRequest,
  deedsBetween,
  forecastDeed,
  toggling,
  wayBack,
} from '../../client/link-deed.ts';
import { forecast } from '../../client/forecast.ts';
import type { NodeView } from '../../contracts/view.ts';
import { nodeView, viewOf } from './views.ts';

const NODES = ['n1', 'n2', 'n3'];

/** Three nodes led by n1, with these directions cut. */
function cluster(cut: readonly string[] = [], parts: Record<string, Partial<NodeView>> = {}) {
  const links = NODES.flatMap((from) =>
    NODES.filter((to) => to !== from).map((to) => ({
      from,
      to,
      cut: cut.includes(`${from}>${to}`),
      delayMs: 0,
      jitterMs: 0,
      loss: 0,
      duplicate: 0,
      reorder: 0,
    })),
  );
  const nodes = NODES.map((id) =>
    nodeView(id, { leader: 'n1', role: id === 'n1' ? 'leader' : 'follower', ...parts[id] }),
  );
  return viewOf(nodes, { links });
}

const BOTH = ['n1>n2', 'n2>n1'];
const names = (cut: readonly string[]) =>
  deedsBetween(cluster(cut).links, 'n1', 'n2').map(deedName);

describe('a deed to one link', () => {
  test('[U119] cuts what is whole and heals what is cut, one way or both', () => {
    const pulled = (cut: readonly string[], both: boolean) =>
      deedName(toggling(cluster(cut).links, 'n1', 'n2', both));
    expect(pulled([], true)).toBe('Cut n1 – n2');
    expect(pulled([], false)).toBe('Cut n1 → n2 only');
    expect(pulled(BOTH, true)).toBe('Heal n1 – n2');
    expect(pulled(BOTH, false)).toBe('Heal n1 → n2 only');
    // Cut one way: what is left of it goes the same way back as it came.
    expect(pulled(['n1>n2'], true)).toBe('Heal n1 – n2');
    expect(pulled(['n2>n1'], true)).toBe('Heal n1 – n2');
    expect(pulled(['n1>n2'], false)).toBe('Heal n1 → n2 only');
    expect(pulled(['n2>n1'], false)).toBe('Cut n1 → n2 only');
    expect(pulled(['n1>n3', 'n3>n1'], true)).toBe('Cut n1 – n2');
  });

  test('[U119] is listed where it would change something, each once', () => {
    expect(names([])).toEqual(['Cut n1 – n2', 'Cut n1 → n2 only']);
    expect(names(BOTH)).toEqual(['Heal n1 – n2', 'Heal n1 → n2 only']);
    expect(names(['n1>n2'])).toEqual(['Heal n1 – n2', 'Cut n1 – n2']);
    expect(names(['n2>n1'])).toEqual(['Heal n1 – n2', 'Cut n1 – n2']);
  });

  test('[U119] says what it does and what it did, and asks for that alone', () => {
    const deed = { from: 'n1', to: 'n2', cut: true, both: true };
    expect(deedHint(deed)).toBe('Nothing passes, either way');
    expect(deedDone(deed)).toBe('The link n1 – n2 is cut, both ways');
    expect(deedRequest(deed)).toEqual({
      method: 'PATCH',
      path: '/api/v1/links/n1/n2',
      body: { cut: true, both: true },
    });
    const oneWay = { ...deed, both: false };
    expect(deedHint(oneWay)).toBe('n2 is still heard by n1');
    expect(deedDone({ ...oneWay, cut: false })).toBe('n1 → n2 is healed');
    expect(deedRequest(oneWay).body).toEqual({ cut: true, both: false });
  });

  test('[U119] is undone direction by direction: what was cut before stays cut', () => {
    const back = (cut: readonly string[], both: boolean) => {
      const { links } = cluster(cut);
      return wayBack(links, toggling(links, 'n1', 'n2', both)).map(
        ({ path, body }) => `${path.replace('/api/v1/links/', '')} ${JSON.stringify(body)}`,
      );
    };
    expect(back([], true)).toEqual([
      'n1/n2 {"cut":false,"both":false}',
      'n2/n1 {"cut":false,"both":false}',
    ]);
    expect(back(['n1>n2'], true)).toEqual(['n1/n2 {"cut":true,"both":false}']);
    expect(back(BOTH, false)).toEqual(['n1/n2 {"cut":true,"both":false}']);
  });
});

describe('the forecast of a deed', () => {
  const told = (cut: readonly string[], both = true, view = cluster(cut)) =>
    forecastDeed(view, toggling(view.links, 'n1', 'n2', both));
  const isolated = [...BOTH, 'n1>n3', 'n3>n1'];

  test('[U119] a cut tells who keeps a quorum', () => {
    expect(told([])).toBe('Cuts n1 from n2, both ways; 2 of 3 keep a quorum: writes go on');
    expect(told([], false)).toBe('Cuts n1 → n2 only; 2 of 3 keep a quorum: writes go on');
    expect(told(['n1>n3', 'n3>n1'])).toBe(
      'Cuts n1 from n2, both ways; n1 loses its quorum: writes wait for an election, then go on',
    );
    expect(told(['n1>n3', 'n2>n3'])).toBe(
      'Cuts n1 from n2, both ways; no side keeps a quorum: writes will stop',
    );
    const electing = cluster([], { n1: { role: 'candidate', leader: null } });
    expect(told([], true, electing)).toBe(
      'Cuts n1 from n2, both ways; writes wait for an election',
    );
  });

  test('[U119] a healed link tells what is left, and whether a quorum is back', () => {
    expect(told(BOTH)).toBe('Heals n1 with n2, both ways; every link is whole: writes go on');
    expect(told(BOTH, false)).toBe('Heals n1 → n2 only; 1 link stays cut: writes go on');
    const led = { n2: { leader: 'n3', term: 2 }, n3: { leader: 'n3', role: 'leader', term: 2 } };
    expect(told(isolated, true, cluster(isolated, led as Record<string, Partial<NodeView>>))).toBe(
      'Heals n1 with n2, both ways; 1 link stays cut: writes go on',
    );
    expect(told([...isolated, 'n2>n3'])).toBe(
      'Heals n1 with n2, both ways; a quorum can form: writes go on after an election',
    );
  });

  test('[U119] where no quorum is to be had nothing else is claimed; in a joint change both count', () => {
    const down = { state: 'down' } as const;
    expect(told([], true, cluster([], { n2: down, n3: down }))).toBe(
      'Cuts n1 from n2, both ways; there is no quorum, as before',
    );
    expect(told([], true, cluster([], { n1: down, n2: down, n3: down }))).toContain(
      'no node is up',
    );
    const joint = { ...cluster(), votersOutgoing: ['n1', 'n3'] };
    expect(told([], true, joint)).toContain('both majorities are kept');
    const deed = toggling(joint.links, 'n1', 'n2', true);
    expect(forecast(joint, { do: 'link', deed })).toBe(forecastDeed(joint, deed));
  });
});
