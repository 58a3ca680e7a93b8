# where it is, for who opens the job; what a build says is indented, and cannot be taken for it
sed -n 's|^the preview is at \(https\{0,1\}://[a-z0-9.-]*/\) until \(.*\)|Preview: <\1> (until \2)|p' "$said" \
    >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
