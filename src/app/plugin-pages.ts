import { COMPONENT_LIST } from './component-list.ts'
import { needOf } from './packages.ts'

/** What `flume-ng plugin` prints. */
export const PLUGIN_USAGE = `Usage: flume-ng plugin add NAME|TARBALL… [--plugins-path DIR]
       flume-ng plugin list
       flume-ng plugin remove NAME

Installs packages that a component wants and that not everybody needs, such as the client of a database.

  add NAME                 a package, or all that a component of that type needs, in the version it wants
  add TARBALL…             from files, without a network: name those of its dependencies, too
  list                     what components need, and what is installed
  remove NAME              takes a plug-in away

Each becomes a folder in plugins.d, as Flume has it: plugins.d/NAME/lib. Such a folder may as well be
copied from another machine. Without --plugins-path that is $FLUME_HOME/plugins.d, or, where this cannot
be written to, plugins.d among the user's own data. --plugins-path DIR names another one, which the
agent and validate are then given, too; several are separated by colons (semicolons on Windows). npm
fetches the packages, and nothing of theirs is run.
Jars of Java plug-ins are left where they are, and cannot be loaded.

Packages that components need: ${packageNames()}
`

function packageNames(): string {
  const needs = new Set<string>(COMPONENT_LIST.flatMap((component): readonly string[] => component.needs))
  return [...needs].map(need => Object.values(needOf(need)).join(' ')).join(', ') || 'none in this version'
}
