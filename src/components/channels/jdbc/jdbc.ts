import { defineChannel, type Problem } from '../../../core/component.ts'
import {
  choice,
  flag,
  integer,
  long,
  optional,
  prefixed,
  text,
  verified,
  type Values
} from '../../../core/schema.ts'
import { secret } from '../../../java/secret.ts'
import { databaseFile, databasesNamed, derbyFolder, URL_PATTERN } from './database-file.ts'
import { JdbcChannel } from './jdbc-channel.ts'

const SECOND_MS = 1000
const LONG_FORM = 'org.apache.flume.channel.jdbc.'

/** Flume's older name of the same key. */
function longForm(key: string): { aliases: readonly string[] } {
  return { aliases: [LONG_FORM + key] }
}

const settings = {
  driverUrl: optional(
    verified(
      text('driver.url', {
        doc:
          'Where the database is: `jdbc:sqlite:FILE`, or an embedded Derby URL as Flume takes it, `jdbc:derby:FOLDER`: then the ' +
          'database is the file CHANNEL.sqlite beside that folder. Without it, ~/.flume/jdbc-channel/CHANNEL.sqlite.',
        ...longForm('driver.url')
      }),
      url =>
        URL_PATTERN.test(url.trim())
          ? undefined
          : {
              problem: `is "${url}", a database that this agent has no driver for`,
              hint: 'Write jdbc:sqlite:FILE, or remove the line; for a database server use a file or a Kafka channel instead.'
            }
    )
  ),
  driverClass: optional(
    text('driver.class', {
      doc: 'Ignored with a warning: there is one driver, the built-in SQLite.',
      ...longForm('driver.class')
    })
  ),
  databaseType: choice('db.type', ['DERBY', 'SQLITE'], {
    doc: 'Kind of database. Both words mean the built-in SQLite.',
    default: 'DERBY',
    otherwise: 'Database servers are not supported; remove the line, and driver.url with it.',
    ...longForm('db.type')
  }),
  username: optional(
    text('db.username', {
      doc: 'Ignored with a warning: rights are those of the file.',
      ...longForm('db.username')
    })
  ),
  password: optional(
    secret('db.password', {
      doc: 'Ignored with a warning: rights are those of the file.',
      ...longForm('db.password')
    })
  ),
  propertiesFile: optional(
    text('connection.properties.file', {
      doc: 'Ignored with a warning: no connection needs properties.',
      ...longForm('connection.properties.file')
    })
  ),
  createSchema: flag('create.schema', {
    doc: 'Whether a missing database is made. Without, the start fails when there is none.',
    default: true,
    ...longForm('create.schema')
  }),
  createIndex: flag('create.index', {
    doc: 'Without effect: the table is its own index.',
    default: true,
    ...longForm('create.index')
  }),
  createForeignKey: flag('create.foreignkey', {
    doc: 'Without effect: nothing refers to another table.',
    default: true,
    ...longForm('create.foreignkey')
  }),
  isolation: choice(
    'transaction.isolation',
    ['READ_UNCOMMITTED', 'READ_COMMITTED', 'REPEATABLE_READ', 'SERIALIZABLE'],
    {
      doc: 'Least isolation of transactions. They are always SERIALIZABLE, which is more than any other word asks for.',
      default: 'READ_COMMITTED',
      ...longForm('transaction.isolation')
    }
  ),
  maximumConnections: integer('maximum.connections', {
    doc: 'Most connections to the database. There is always one, which all sources and sinks share.',
    default: 10,
    min: 1,
    lenient: true,
    ...longForm('maximum.connections')
  }),
  capacity: long('maximum.capacity', {
    doc: 'Most events held by this channel; 0 or less: as many as the disk holds.',
    default: 0,
    unit: 'events',
    lenient: true,
    ...longForm('maximum.capacity')
  }),
  systemProperties: prefixed('sysprop.', {
    doc:
      'Java system properties of Flume. `sysprop.user.home` moves the database of this channel (and nothing else), ' +
      '`sysprop.derby.system.home` is where a relative Derby URL starts; others are ignored with a warning.'
  }),
  transactionCapacity: optional(
    integer('transactionCapacity', {
      doc: 'Most events of one put and of one take. Without it there is no limit.',
      min: 1,
      unit: 'events'
    })
  ),
  keepAliveSeconds: integer('keep-alive', {
    doc: 'How long a put waits for room when maximum.capacity is reached.',
    default: 3,
    min: 0,
    unit: 's'
  }),
  longForms: prefixed(LONG_FORM, {
    doc: "Flume's older, long form of every key above. A warning names the short one."
  })
}

export default defineChannel({
  type: 'jdbc',
  classes: ['org.apache.flume.channel.jdbc.JdbcChannel'],
  stability: 'stable',
  summary:
    'Keeps events in a database file of its own (SQLite): safe across crashes, readable with standard tools.',
  settings,
  stores: properties => ({ key: 'driver.url', places: databasesNamed(properties) }),
  transactionCapacity: given => given.transactionCapacity ?? Infinity,
  check: given => [...withoutEffect(given), ...unknownSystemProperties(given), ...longForms(given)],
  create: (given, context) => {
    const whereabouts = {
      channel: context.name,
      url: given.driverUrl?.trim(),
      systemProperties: systemProperties(given),
      environment: context.environment
    }
    return new JdbcChannel(
      {
        // Asked for when it starts: a user without a home is told so then, and the rest of the agent runs.
        get file() {
          return databaseFile(whereabouts)
        },
        get derbyFolder() {
          return derbyFolder(whereabouts)
        },
        createSchema: given.createSchema,
        capacity: given.capacity <= 0 ? Infinity : given.capacity,
        transactionCapacity: given.transactionCapacity ?? Infinity,
        keepAliveMs: given.keepAliveSeconds * SECOND_MS
      },
      context
    )
  }
})

type Given = Values<typeof settings>

function systemProperties({ systemProperties: short, longForms: all }: Given): Record<string, string> {
  const long = Object.entries(all).filter(([key]) => key.startsWith('sysprop.'))
  return {
    ...Object.fromEntries(long.map(([key, value]) => [key.slice('sysprop.'.length), value])),
    ...short
  }
}

function withoutEffect(given: Given): Problem[] {
  const unused = {
    'driver.class': given.driverClass,
    'db.username': given.username,
    'db.password': given.password,
    'connection.properties.file': given.propertiesFile
  }
  return Object.entries(unused)
    .filter(([, value]) => value !== undefined)
    .map(([key]) =>
      warning(key, `${key} has no effect: the database is a file that needs no driver, user or connection.`)
    )
}

function unknownSystemProperties(given: Given): Problem[] {
  return Object.keys(given.systemProperties)
    .filter(name => name !== 'user.home' && name !== 'derby.system.home')
    .map(name =>
      warning(`sysprop.${name}`, `sysprop.${name} has no effect: there is no Java here that would read it.`)
    )
}

function longForms({ longForms: given }: Given): Problem[] {
  const known = Object.values(settings).map(({ key }) => key)
  return Object.keys(given).map(key => {
    const long = LONG_FORM + key
    return known.includes(key) || key.startsWith('sysprop.')
      ? {
          level: 'warning',
          code: 'DEPRECATED_PROP',
          key: long,
          message: `Long form configuration key "${long}" is deprecated. Please use the short form key "${key}" instead.`,
          hint: `Write ${key}.`
        }
      : warning(long, `${long} is not a property of this component and is ignored.`)
  })
}

function warning(key: string, message: string): Problem {
  return { level: 'warning', code: 'PROP_NO_EFFECT', key, message, hint: 'Remove the line.' }
}
