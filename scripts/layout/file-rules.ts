import { parseSync, Visitor } from 'oxc-parser'
import { isCode, type Problem, type Rule } from './workspace.ts'

const maxLines = 400

/** A file that nobody would know their way around in. */
export const fileSize: Rule = ({ files }) =>
  [...files].flatMap(([path, text]) => {
    const lines = text.split('\n').length - 1
    if (!isCode(path) || lines <= maxLines) return []
    return [{ rule: 'file-size', path, message: `has ${lines} lines; split it, ${maxLines} are the limit` }]
  })

/** A file is named for what it holds, in kebab-case. */
export const fileNames: Rule = ({ files }) =>
  [...files.keys()].filter(isCode).flatMap((path): Problem[] => {
    const parts = path.split('/')
    const vague = parts.find((part) => /^(?:utils?|helpers?|common|misc|lib|types)(?:\.|$)/.test(part))
    if (vague !== undefined) {
      return [{ rule: 'file-names', path, message: `"${vague}" names no concept; name it for what it holds` }]
    }
    const name = parts.at(-1) ?? ''
    if (/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9-]+)+$/.test(name)) return []
    return [{ rule: 'file-names', path, message: `"${name}" is not in kebab-case` }]
  })

const runners = new Set(['describe', 'it', 'test', 'suite', 'bench'])
const exceptions = new Set(['only', 'skip', 'todo', 'skipIf', 'runIf', 'fails'])

/** Every test is where vitest looks for it; anywhere else it would never run, and nobody would notice. */
export const testsAreFound: Rule = ({ files }) =>
  [...files.keys()].flatMap((path) => {
    if (!/\.(?:test|test-d|spec|spec-d)\.[cm]?[jt]sx?$/.test(path)) return []
    if (/^(?:packages|examples|tooling|benchmarks|scripts)\/.+\.(?:test|test-d)\.ts$/.test(path)) return []
    return [{ rule: 'tests-are-found', path, message: 'is no test file that vitest.config.ts includes' }]
  })

/** Every test runs every time: what cannot run fails. */
export const allTestsRun: Rule = ({ files }) =>
  [...files].flatMap(([path, text]) => {
    if (!isCode(path) || !/(?:^|\/)test\/|\.(?:test|test-d|bench)\.[cm]?ts$/.test(path)) return []
    const problems: Problem[] = []
    new Visitor({
      MemberExpression({ object, property }) {
        const root = rootOf(object)
        const exception = property.type === 'Identifier' && exceptions.has(property.name) ? property.name : ''
        if (exception === '' || root === undefined || !runners.has(root)) return
        problems.push({ rule: 'all-tests-run', path, message: `${root}.${exception} leaves tests out` })
      },
    }).visit(parseSync(path, text).program)
    return problems
  })

/** `it` of `it.concurrent.for`. */
function rootOf(node: { readonly type: string }): string | undefined {
  // The parser's nodes are told apart by `type`; these two have the fields named here.
  const expression = node as { type: string; name?: string; object?: { type: string } }
  if (expression.type === 'Identifier') return expression.name
  return expression.type === 'MemberExpression' && expression.object ? rootOf(expression.object) : undefined
}

/** Nothing in the project is tied to the machine it was written on. */
export const noMachine: Rule = ({ files, forbiddenWords }) =>
  [...files].flatMap(([path, text]) =>
    text.split('\n').flatMap((line, index) => {
      const word = forbiddenWords.find((candidate) => line.includes(candidate)) ?? machinePath.exec(line)?.[0]
      if (word === undefined) return []
      return [
        {
          rule: 'no-machine',
          path: `${path}:${index + 1}`,
          message: `names "${word}", which is of one machine`,
        },
      ]
    }),
  )

/**
 * An absolute path into somebody's home or working folder; after a letter or a dot it is part of another path.
 * `/home/user` is nobody's.
 */
const machinePath = /(?<![\w.~$}\])-])\/(?:root|work|home(?!\/user\b)|Users|tmp)\/\w+/
