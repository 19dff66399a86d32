import { homedir, userInfo } from 'node:os'
import type { Environment } from '../core/contracts.ts'
import { AgentError } from '../core/errors.ts'

/**
 * Java's `user.home`: what -D says, else the user's folder; undefined where the system knows none, as in a container
 * whose user has neither HOME nor an entry in /etc/passwd.
 */
export function userHome(
  { properties }: Pick<Environment, 'properties'>,
  ofSystem: () => string = homedir
): string | undefined {
  const given = properties['user.home']
  return given === undefined ? known(ofSystem) : given || undefined
}

/** The same for what cannot do without; `otherwise` is what to set instead. Throws ERR_CONFIG where there is none. */
export function neededHome(
  environment: Pick<Environment, 'properties'>,
  otherwise: string,
  ofSystem?: () => string
): string {
  const home = userHome(environment, ofSystem)
  if (home !== undefined) return home
  throw new AgentError(
    'ERR_CONFIG',
    `The user of the process has no home folder. Set HOME to one that may be written to, or ${otherwise}.`
  )
}

/** Java's `user.name`; undefined where the system knows none. */
export function userName(ofSystem: () => string = () => userInfo().username): string | undefined {
  return known(ofSystem)
}

// Node throws where the system knows nothing.
function known(ask: () => string): string | undefined {
  try {
    return ask() || undefined
  } catch {
    return undefined
  }
}
