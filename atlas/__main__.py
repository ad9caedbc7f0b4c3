from atlas.cli.commands import main

main()
