// npm run lock: completes package-lock.json after `npm install`. Plain JavaScript: see install.mjs.
//
// Packages with binaries name one optional package per platform. Where a registry lacks some of them, npm leaves
// them out of the lock file, and `npm ci` then refuses it as incomplete. They are exact versions: write them down.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { home } from './install.mjs'

const file = join(home, 'package-lock.json')
const lock = JSON.parse(readFileSync(file, 'utf8'))
const added = []
for (const [owner, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) add(owner, name, version)
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')))
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`Added ${added.length} platform packages to package-lock.json.`)

function add(owner, name, version) {
  const places = [`${owner}/node_modules/${name}`, `node_modules/${name}`]
  if (places.some(place => place in lock.packages)) return
  if (!/^\d+\.\d+\.\d+$/.test(version))
    throw new Error(`${owner} wants ${name} ${version}, which is no exact version.`)
  lock.packages[`node_modules/${name}`] = {
    version,
    dev: lock.packages[owner].dev,
    optional: true,
    ...platformOf(name)
  }
  added.push(name)
}

// The names end in <os>-<cpu>[-<abi>].
function platformOf(name) {
  const [, os, cpu] =
    /(android|darwin|freebsd|linux|openharmony|win32|wasm32)(?:-([a-z0-9]+))?/.exec(name) ?? []
  if (os === undefined || os === 'wasm32') return { cpu: ['wasm32'] }
  return { cpu: [cpu], os: [os] }
}
