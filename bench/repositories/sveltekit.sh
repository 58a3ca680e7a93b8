npx --yes sv@latest create . --template minimal --types ts --no-add-ons --no-install --no-dir-check >/dev/null
npx --yes sv@latest add sveltekit-adapter="adapter:static" --no-install --no-git-check >/dev/null
printf 'export const prerender = true\n' >src/routes/+layout.ts
lock @sveltejs/kit
