/** The list of all that can be done: whole, without a clash, and true to the state of the cluster. */
import { describe, expect, test } from 'vitest';
import { actionsOf } from '../../components/actions/actions.ts';
import type { Action, Situation } from '../../components/actions/action.ts';
import { foundActions } from '../../components/actions/found-actions.ts';
import { actionOfKey } from '../../components/actions/key-of.ts';
import { matchActions } from '../../components/actions/match.ts';
import { PAGES, pageAt } from '../../components/nav/pages.ts';
import { curlOf } from '../../client/curl.ts';
import { NO_FAULTS } from '../../contracts/faults.ts';
import type { LinkView } from '../../contracts/view.ts';
import { nodeView, viewOf } from '../client/views.ts';

const IDS = ['n1', 'n2', 'n3'];

function cluster(down: readonly string[] = [], cut: readonly string[] = []) {
  const nodes = IDS.map((id) =>
    nodeView(id, {
      role: id === 'n1' ? 'leader' : 'follower',
      leader: 'n1',
      state: down.includes(id) ? 'down' : 'serving',
    }),
  );
  const links = IDS.flatMap((from) =>
    IDS.filter((to) => to !== from).map(
      (to): LinkView => ({
        from,
        to,
        cut: cut.includes(`${from}>${to}`),
        delayMs: 0,
        jitterMs: 0,
        loss: 0,
        duplicate: 0,
        reorder: 0,
      }),
    ),
  );
  return viewOf(nodes, { links });
}

/** n2 stands still. */
function paused() {
  const view = cluster();
  const nodes = view.nodes.map((node) =>
    node.id === 'n2' ? { ...node, faults: { ...NO_FAULTS, pausedUntilMs: 5000 } } : node,
  );
  return { ...view, nodes };
}

function situation(parts: Partial<Situation> = {}): Situation {
  const view = cluster();
  return { view, disabled: null, page: 'live', selected: null, presenting: null, ...parts };
}

/** Every page, at work and presenting, with and without a cluster in sight. */
const SITUATIONS = PAGES.flatMap(({ id: page }) =>
  [null, 'both' as const].flatMap((presenting) =>
    [null, cluster(), cluster(['n2'], ['n1>n3'])].map((view) =>
      situation({ page, presenting, view }),
    ),
  ),
);

function find(id: string, parts: Partial<Situation> = {}): Action {
  const action = actionsOf(situation(parts)).find((each) => each.id === id);
  if (action === undefined) throw new Error(`no action ${id}`);
  return action;
}

function press(key: string, held: object = {}, parts: Partial<Situation> = {}) {
  const event = { key, ctrlKey: false, metaKey: false, ...held };
  return actionOfKey(actionsOf(situation(parts)), event)?.id;
}

const curl = (action: Action): string => curlOf('http://here:1', action.calls ?? []);

describe('the list', () => {
  test('[U105] no two actions have the same id or title, on any page', () => {
    for (const each of SITUATIONS) {
      const actions = actionsOf(each);
      expect(new Set(actions.map(({ id }) => id)).size).toBe(actions.length);
      expect(new Set(actions.map(({ title }) => title)).size).toBe(actions.length);
    }
  });

  test('[U105] no key stands for two actions, on any page', () => {
    for (const each of SITUATIONS) {
      const keys = actionsOf(each).flatMap((action) => action.keys?.toLowerCase() ?? []);
      expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
      // These belong to the bar of time.
      expect(
        keys.filter((key) => [' ', 'escape', 'arrowleft', 'arrowright'].includes(key)),
      ).toEqual([]);
    }
  });

  test('[U105] each action has a name and words to find it by', () => {
    for (const { title, words } of SITUATIONS.flatMap(actionsOf)) {
      expect(title).toMatch(/^[A-Z].*[^.]$/);
      expect(words).not.toBe('');
      expect(words).toBe(words.toLowerCase());
    }
  });

  test('[U105] the keys of the help are those of the list of keys, on each page', () => {
    const keysOf = (page: Situation['page'], presenting: Situation['presenting'] = null): string =>
      actionsOf(situation({ page, presenting }))
        .flatMap(({ keys }) => keys ?? [])
        .join(' ');
    expect(keysOf('live')).toBe('L K V H 1 2 3 X W R T Ctrl K ? P D');
    expect(keysOf('keys')).toBe('L V H W T / [ ] N C Ctrl K ? P D');
    expect(keysOf('log')).toBe('L V H G Ctrl K ? P D');
    expect(keysOf('metrics')).toBe('L V H Ctrl K ? P D');
    expect(keysOf('chaos')).toBe('L V H Ctrl K ? P D');
    expect(keysOf('live', 'both')).toBe('L K V H 1 2 3 X Ctrl K ? P PageDown PageUp . D');
    expect(keysOf('live', 'log')).toBe('L K V H 1 2 3 Ctrl K ? P PageDown PageUp . D');
  });

  test('[U105] a pressed key finds its action, whatever its case, with Ctrl or Cmd only where it says so', () => {
    expect(press('l')).toBe('kill-leader');
    expect(press('L')).toBe('kill-leader');
    expect(press('2')).toBe('select-n2');
    expect(press('k')).toBe('kill-selected');
    expect(press('k', { ctrlKey: true })).toBe('palette');
    expect(press('k', { metaKey: true })).toBe('palette');
    expect(press('l', { ctrlKey: true })).toBeUndefined();
    expect(press('PageDown')).toBeUndefined();
    expect(press('PageDown', {}, { presenting: 'both' })).toBe('present-next');
  });

  test('[U105] the digits select the first nine of many nodes', () => {
    const nodes = Array.from({ length: 11 }, (_, i) => nodeView(`n${i + 1}`));
    const view = viewOf(nodes);
    const keys = actionsOf(situation({ view }))
      .filter(({ id }) => id.startsWith('select-'))
      .map(({ keys: key }) => key);
    expect(keys).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', null, null]);
  });

  test('[U105] an address belongs to the page that it is below', () => {
    expect(pageAt('/')).toBe('live');
    expect(pageAt('/keys')).toBe('keys');
    expect(pageAt('/keys/city')).toBe('keys');
    expect(pageAt('/keysmith')).toBe('live');
  });
});

describe('what cannot be done now', () => {
  test('[U106] says why: by the line to the server, the leader, the nodes and the links', () => {
    for (const action of actionsOf(situation({ disabled: 'No line' }))) {
      expect([action.id, action.because]).toEqual([
        action.id,
        action.calls === undefined && action.id !== 'draw-cut' ? action.because : 'No line',
      ]);
    }
    expect(find('kill-leader', { view: cluster(['n1', 'n2']) }).because).toMatch(/no leader/i);
    expect(find('kill-n2', { view: cluster(['n2']) }).because).toBe('It is not running');
    expect(find('revive-n2').because).toBe('It is running');
    expect(find('revive-n2', { view: cluster(['n2']) }).because).toBeNull();
    expect(find('revive-all').because).toBe('Every node is up');
    expect(find('heal-all').because).toBe('Nothing is at fault');
    expect(find('heal-all', { view: cluster([], ['n1>n2']) }).because).toBeNull();
    expect(find('heal-all', { view: paused() }).because).toBeNull();
    expect(find('pause-n2').because).toBeNull();
    expect(find('pause-n2', { view: cluster(['n2']) }).because).toBe('It is not running');
    expect(find('pause-n2', { view: paused() }).because).toBe('It is paused');
    expect(find('resume-n2').because).toBe('It is not paused');
    expect(find('resume-n2', { view: paused() }).because).toBeNull();
    expect(find('lead-n1').because).toBe('It leads already');
    expect(find('lead-n2').because).toBeNull();
    expect(find('campaign-n1').because).toBe('It leads already');
    expect(find('promote-n2').because).toBe('It is no learner');
    expect(
      find('isolate-n3', { view: cluster([], ['n1>n3', 'n3>n1', 'n2>n3', 'n3>n2']) }).because,
    ).toBe('It is cut off already');
    expect(find('kill-selected').because).toMatch(/press its number/);
    expect(find('kill-selected', { selected: 'n2' }).because).toBeNull();
    expect(find('compare').because).toBe('Only on the Keys page');
    expect(find('page-live').because).toBe('It is open');
  });

  test('[U106] a learner can get a vote, and neither lead nor ask for votes', () => {
    const view = { ...cluster(), voters: ['n1', 'n2'], learners: ['n3'] };
    expect(find('promote-n3', { view }).because).toBeNull();
    expect(find('lead-n3', { view }).because).toBe('It has no vote');
    expect(find('campaign-n3', { view }).because).toBe('It has no vote');
  });

  test('[U106] the speed that is, is not set again, and only a paused cluster steps', () => {
    const slow = { ...cluster(), pace: { pace: 0.1 as const, clusterMs: 0, atMs: 0 } };
    const still = { ...cluster(), pace: { pace: 0 as const, clusterMs: 0, atMs: 0 } };
    expect(find('pace-0.1').because).toBeNull();
    expect(find('pace-0.1', { view: slow }).because).toBe('It is so already');
    expect(find('pace-1', { view: slow }).because).toBeNull();
    expect(find('pace-step', { view: slow }).because).toBe('Pause the cluster to step');
    expect(find('pace-step', { view: still }).because).toBeNull();
  });

  test('[U106] a cut is drawn only where the nodes are seen', () => {
    expect(find('draw-cut').because).toBeNull();
    expect(find('draw-cut', { presenting: 'stage' }).because).toBeNull();
    expect(find('draw-cut', { presenting: 'log' }).because).toMatch(/cluster is shown/);
    expect(find('draw-cut', { page: 'keys' }).because).toMatch(/cluster is shown/);
  });

  test('[U106] a link is cut or healed, whichever it is not', () => {
    expect(find('link-n1-n2').title).toBe('Cut the link n1 to n2');
    expect(find('link-n1-n2', { view: cluster([], ['n2>n1']) }).title).toBe(
      'Heal the link n1 to n2',
    );
  });
});

describe('copy as curl', () => {
  test('[U107] is the very request, with its method, address and body', () => {
    expect(curl(find('kill-n2'))).toBe("curl -X POST 'http://here:1/api/v1/nodes/n2/kill'");
    expect(curl(find('kill-leader'))).toBe("curl -X POST 'http://here:1/api/v1/nodes/n1/kill'");
    expect(curl(find('heal-all'))).toBe("curl -X POST 'http://here:1/api/v1/heal'");
    expect(curl(find('link-n1-n2'))).toBe(
      `curl -X PATCH 'http://here:1/api/v1/links/n1/n2' -H 'content-type: application/json' -d '{"cut":true,"both":true}'`,
    );
    expect(curl(find('partition-n2-n1+n3'))).toBe(
      `curl -X POST 'http://here:1/api/v1/partition' -H 'content-type: application/json' -d '{"groups":[["n2"],["n1","n3"]]}'`,
    );
    expect(curl(find('pause-n2'))).toBe(
      `curl -X POST 'http://here:1/api/v1/nodes/n2/pause' -H 'content-type: application/json' -d '{"forMs":5000}'`,
    );
    expect(curl(find('resume-n2'))).toBe("curl -X POST 'http://here:1/api/v1/nodes/n2/resume'");
    expect(curl(find('pace-0.025'))).toBe(
      `curl -X PUT 'http://here:1/api/v1/pace' -H 'content-type: application/json' -d '{"pace":0.025}'`,
    );
    expect(curl(find('pace-step'))).toBe("curl -X POST 'http://here:1/api/v1/pace/step'");
    expect(curl(find('revive-all', { view: cluster(['n2', 'n3']) })).split('\n')).toHaveLength(2);
    expect(find('theme-dark').calls).toBeUndefined();
  });

  test('[U107] what a shell would change is quoted', () => {
    const text = curlOf('', [(client) => client.set('k', 'f', { value: `it's $HOME` })]);
    expect(text).toContain(String.raw`-d '{"value":"it'\''s $HOME"}'`);
  });

  test('[U107] every action of the cluster, its nodes and its links has one', () => {
    const actions = actionsOf(situation({ view: cluster(['n2']), selected: 'n1' })).filter(
      ({ group, id }) =>
        ['Cluster', 'Nodes', 'Links'].includes(group) &&
        !id.startsWith('select-') &&
        id !== 'draw-cut',
    );
    expect(actions.length).toBeGreaterThan(30);
    for (const action of actions)
      expect([action.id, curl(action)]).toEqual([action.id, expect.stringMatching(/^curl /)]);
  });
});

describe('finding', () => {
  const titles = (query: string, parts: Partial<Situation> = {}): readonly string[] =>
    matchActions(actionsOf(situation(parts)), query).flatMap(({ actions }) =>
      actions.map(({ title }) => title),
    );

  test('[U108] nothing typed shows everything, in order; typed words must all fit', () => {
    expect(titles('')).toEqual(
      expect.arrayContaining(actionsOf(situation()).map(({ title }) => title)),
    );
    expect(titles('')[0]).toBe('Kill the leader');
    expect(titles('kill n2')).toEqual(['Kill n2']);
    expect(titles('n2 kill')).toEqual(['Kill n2']);
    expect(titles('zebra')).toEqual([]);
  });

  test('[U108] a word of the trade finds what is called otherwise, after what has it in its name', () => {
    expect(titles('transfer n2')).toEqual(['Let n2 lead']);
    expect(titles('partition')).toContain('Cut the link n1 to n2');
    expect(titles('crash')[0]).toBe('Kill the leader');
    expect(titles('wri')[0]).toBe('Write');
  });

  test('[U108] what can be done comes before what cannot', () => {
    const found = titles('revive', { view: cluster(['n3']) });
    expect(found.indexOf('Revive n3')).toBeLessThan(found.indexOf('Revive n1'));
  });

  test('[U108] a number leads to that entry of the log, and keys of the store to their record', () => {
    const went: string[] = [];
    const open = (query: string, keys: readonly string[] = []): readonly string[] =>
      foundActions(query, keys).flatMap(({ actions }) =>
        actions.map((action) => {
          action.run({ go: (href: string) => went.push(href) } as never);
          return action.title;
        }),
      );
    expect(open('128')).toEqual(['Go to index 128 of the log']);
    expect(open(' #7 ')).toEqual(['Go to index 7 of the log']);
    expect(open('0')).toEqual([]);
    expect(open('12a')).toEqual([]);
    expect(open('ci', ['city', 'a&b'])).toEqual(['Open key city', 'Open key a&b']);
    expect(went).toEqual(['/log?index=128', '/log?index=7', '/keys?key=city', '/keys?key=a%26b']);
  });
});
