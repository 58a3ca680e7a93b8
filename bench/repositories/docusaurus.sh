npx --yes create-docusaurus@latest site classic --javascript --skip-install >/dev/null 2>&1
mv site/* site/.gitignore . && rmdir site
lock @docusaurus/core
