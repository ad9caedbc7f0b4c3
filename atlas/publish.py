def publish(config, maps, data, output, warn):
    return 0, 0
