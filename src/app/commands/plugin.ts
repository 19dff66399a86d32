import { existsSync, rmSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { AgentError } from '../../core/errors.ts'
import { COMPONENT_LIST } from '../component-list.ts'
import { PLUGIN_USAGE } from '../plugin-pages.ts'
import { needOf, Packages, pluginRoots } from '../packages.ts'
import type { Program } from '../program.ts'
import { installPlugIn } from './plugin-install.ts'

/** What components of a registry need. */
export interface Needing {
  readonly kind: string
  readonly type: string
  readonly needs: readonly string[]
}

/** `flume-ng plugin add|list|remove`. Resolves to the exit code; rejects with ERR_CONFIG or ERR_START. */
export async function pluginCommand(
  { out, environment, launcher, words }: Program,
  components: readonly Needing[] = COMPONENT_LIST
): Promise<number> {
  const [command = '', ...names] = words
  const roots = pluginRoots(environment, launcher.pluginsPath)
  const packages = new Packages(roots, launcher.pluginsPath)
  if (command === 'list' && names.length === 0) {
    for (const line of listing(packages, components)) out.line(line)
  } else if (command === 'add' && names.length > 0) {
    const folder = await installPlugIn(roots, names.map(name => wanted(name, components)).flat())
    out.line(`Installed into ${folder}.`)
  } else if (command === 'remove' && names.length === 1) {
    out.line(`Removed ${remove(packages, names[0] ?? '')}.`)
  } else {
    out.line(PLUGIN_USAGE.trimEnd())
    return command === '' || command === 'help' ? 0 : 1
  }
  return 0
}

/** What npm is asked for: a tarball by its path, or a package in the version that a component wants. */
function wanted(name: string, components: readonly Needing[]): string[] {
  if (/\.(?:tgz|tar\.gz)$/.test(name)) {
    if (existsSync(name)) return [resolve(name)]
    throw new AgentError('ERR_CONFIG', `${name}: No such file.`)
  }
  const needs = [...new Set(components.flatMap(component => component.needs))]
  const byName = needs.filter(need => need === name || needOf(need).name === name)
  if (byName.length > 0) return byName
  const byType = components.filter(({ type }) => type === name).flatMap(component => component.needs)
  if (byType.length > 0) return [...new Set(byType)]
  const there =
    needs.length === 0 ? 'None needs any.' : `They need: ${needs.map(need => needOf(need).name).join(', ')}.`
  throw new AgentError('ERR_CONFIG', `No component of this version needs ${name}. ${there}`)
}

function remove(packages: Packages, name: string): string {
  const found = packages
    .list()
    .find(({ folder, packages: own }) => basename(folder) === name || own.some(each => each.name === name))
  if (found === undefined) throw new AgentError('ERR_CONFIG', `There is no plug-in ${name}.`)
  rmSync(found.folder, { recursive: true, force: true })
  return found.folder
}

function listing(packages: Packages, components: readonly Needing[]): string[] {
  const needs = [...new Set(components.flatMap(component => component.needs))].map(need => {
    const users = components.filter(component => component.needs.includes(need))
    const state = packages.missing([need])
    const { name, version } = needOf(need)
    return `${name} ${version}, for ${users.map(({ kind, type }) => `${kind} ${type}`).join(', ')}: ${
      state === undefined
        ? `${packages.versionOf(name) ?? ''} is installed`
        : `not installed; ${state.command}`
    }`
  })
  const plugIns = packages.list().map(({ folder, packages: own, jars }) => {
    const holds = [
      ...own.map(({ name, version }) => `${name} ${version}`),
      ...(jars === 0 ? [] : [`${jars} jars of Java, which cannot be loaded`])
    ]
    return `${folder}: ${holds.join(', ') || 'nothing'}`
  })
  return [...(needs.length === 0 ? ['No component of this version needs a package.'] : needs), ...plugIns]
}
