// Who may import whom below src/. The tables of CONTRIBUTING.md and of the guide are made from this one by `npm run docs`;
// there are no exemptions.

interface Layer {
  readonly what: string
  readonly mayImport: readonly string[]
  /** What a list of layers does not say. */
  readonly but?: string
}

/** Every folder below src/, from the bottom up. */
export const LAYERS: Readonly<Record<string, Layer>> = {
  core: { what: 'contracts, the batch, settings, errors', mayImport: [] },
  wire: { what: 'bytes ⇄ batches: pure functions', mayImport: ['core'] },
  java: { what: "Java's rules that users rely on", mayImport: ['core'] },
  net: {
    what: 'kits that components share: sockets, TLS, UDP, endpoints, rules for addresses, programs that are run',
    mayImport: ['core', 'java']
  },
  fs: { what: 'one file-system interface, chosen by URI scheme', mayImport: ['core', 'wire', 'java', 'net'] },
  store: { what: 'the durable log, and what else keeps events', mayImport: ['core', 'wire', 'java', 'fs'] },
  components: {
    what: 'one folder per component: `components/<kind>s/<type>`',
    mayImport: ['core', 'wire', 'java', 'net', 'fs', 'store'],
    but: 'its own folder; never another component'
  },
  engine: { what: 'moves batches', mayImport: ['core', 'java', 'net'] },
  config: { what: 'file → checked plan', mayImport: ['core', 'java', 'net'] },
  monitor: { what: 'counters → the world', mayImport: ['core', 'java', 'net'] },
  app: {
    what: 'puts it together; the registry',
    mayImport: ['core', 'wire', 'java', 'net', 'fs', 'store', 'components', 'engine', 'config', 'monitor']
  },
  testing: { what: 'fakes and contract suites; only tests import it', mayImport: ['core', 'store'] }
}

/** The table as Markdown. */
export function layerTable(): string {
  const rows = Object.entries(LAYERS).map(([name, { what, mayImport, but }]) => {
    const layers = mayImport.map(layer => `\`${layer}\``).join(', ')
    return `| \`${name}\` | ${what} | ${[layers || 'nothing of ours', but].filter(part => part !== undefined).join(', ')} |`
  })
  return ['| layer below `src/` | what it is | may import |', '|---|---|---|', ...rows].join('\n')
}

/** Why `from` may not import `to` (paths like `src/core/batch.ts`); undefined when it may. */
export function broken(from: string, to: string): string | undefined {
  if (!to.startsWith('src/')) return `${from} reaches out of src: ${to}`
  if (isForTests(to) && !isForTests(from)) return `only tests may import ${to}: ${from} does`
  const [layer, target] = [layerOf(from), layerOf(to)]
  if (!(layer in LAYERS) || !(target in LAYERS)) return `${layer} or ${target} is no layer`
  if (layer === target && layer !== 'components') return undefined
  if (layer === 'components' && ownFolder(from) === ownFolder(to)) return undefined
  if (isForTests(from) && target === 'testing') return undefined
  if (LAYERS[layer]?.mayImport.includes(target) === true) return undefined
  return `${layer} may not import ${target}: ${from} imports ${to}`
}

function layerOf(path: string): string {
  return path.split('/')[1] ?? ''
}

// src/components/<kind>/<type>
function ownFolder(path: string): string {
  return path.split('/').slice(0, 4).join('/')
}

// A test, or what helps tests: src/testing and the folders `testing` of components.
function isForTests(path: string): boolean {
  return path.endsWith('.test.ts') || path.includes('/testing/')
}
