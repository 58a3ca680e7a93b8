npx --yes create-next-app@latest . --js --app --no-tailwind --no-eslint --no-src-dir --skip-install --disable-git --yes >/dev/null 2>&1
cat >next.config.mjs <<'END'
import mdx from '@next/mdx'
export default mdx()({ output: 'export', pageExtensions: ['js', 'mdx'] })
END
cat >app/layout.js <<'END'
export default function Layout({ children }) { return <html lang="en"><body>{children}</body></html> }
END
printf 'export function useMDXComponents() { return {} }\n' >mdx-components.js
mkdir app/text
printf '# Text\n' >app/text/page.mdx
npm pkg set 'dependencies.@next/mdx=*' 'dependencies.@mdx-js/loader=*' 'dependencies.@mdx-js/react=*'
lock next
