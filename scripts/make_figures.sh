#!/usr/bin/env bash
# Runs the acceptance scenarios, then draws the plots of the docs anew from scenarios/figures.
# Figures that are missed make it fail, after everything has been drawn.
source "$(dirname "$0")/lib.sh"

headway=.build/release/headway
out=build/figures
failed=0
mkdir -p "$out/plots"

if compgen -G "scenarios/acceptance/*.yaml" >/dev/null; then
    say "acceptance: every target beside its figure"
    "$headway" simulate scenarios/acceptance/*.yaml \
        --html "$out/acceptance.html" --json "$out/acceptance.json" || failed=1
fi

say "plots of the docs"
"$headway" simulate scenarios/figures/*.yaml --quiet --figures "$out/plots" --html "$out/docs.html" || failed=1
for plot in at-capacity-latency overload-goodput classes-classes knobs-frontier generation-goodput \
    generation-ttft generation-gap generation-kv; do
    cp "$out/plots/$plot.svg" docs/images/
done
say "drawn into docs/images; reports are in $out"
exit $failed
