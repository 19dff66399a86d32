// Who may import whom below src/. The table is the one of CONTRIBUTING.md; there are no exemptions.

const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  wire: ['core'],
  java: ['core'],
  net: ['core', 'java'],
  fs: ['core', 'java', 'net', 'wire'],
  store: ['core', 'wire', 'java', 'net', 'fs'],
  components: ['core', 'wire', 'java', 'net', 'fs', 'store'],
  engine: ['core', 'java', 'net'],
  config: ['core', 'java', 'net'],
  monitor: ['core', 'java', 'net'],
  testing: ['core', 'store'],
  app: ['core', 'wire', 'java', 'net', 'fs', 'store', 'components', 'engine', 'config', 'monitor']
}

/** Why `from` may not import `to` (paths like `src/core/batch.ts`); undefined when it may. */
export function broken(from: string, to: string): string | undefined {
  if (!to.startsWith('src/')) return `${from} reaches out of src: ${to}`
  if (isForTests(to) && !isForTests(from)) return `only tests may import ${to}: ${from} does`
  const [layer, target] = [layerOf(from), layerOf(to)]
  if (!(layer in MAY_IMPORT) || !(target in MAY_IMPORT)) return `${layer} or ${target} is no layer`
  if (layer === target && layer !== 'components') return undefined
  if (layer === 'components' && ownFolder(from) === ownFolder(to)) return undefined
  if (isForTests(from) && target === 'testing') return undefined
  if (MAY_IMPORT[layer]?.includes(target) === true) return undefined
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
